import { Injectable } from '@nestjs/common';
import { FhirRef, MessageOf, NoticeCode, UserId } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import {
  archivedRequest,
  mayArchive,
  memberWithAccount,
  requestQuery,
  toCommunicationRequest,
} from '@bridge/mapping';
import { CareTeamStore, ConversationStore, Member } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import type { CommunicationRequest } from '@medplum/fhirtypes';
import { AuditedRecord } from './audited-record';
import { ConversationSync } from './conversation-sync';
import { MapperConfig } from './mapper-config';

type AnswerTo = MessageOf<'conversation.start'>['answerTo'];

/** Conversations that are opened and closed in Matrix → CommunicationRequest. */
@Injectable()
export class ConversationRecorder {
  constructor(
    private readonly fhir: FhirClient,
    private readonly audited: AuditedRecord,
    private readonly careTeams: CareTeamStore,
    private readonly conversations: ConversationStore,
    private readonly sync: ConversationSync,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
  ) {}

  /** Makes the request, once, and its conversation. Somebody who is no member of the care team opens nothing there. */
  async start(message: MessageOf<'conversation.start'>): Promise<void> {
    const { careTeam, requester: account, topic, identifier, answerTo } = message;
    const team = await this.careTeams.find(careTeam);
    const requester = team && memberWithAccount(holders(team.members), account);
    if (!requester) return this.tell(answerTo, account, 'requester-unknown');
    const request = toCommunicationRequest({
      careTeam,
      subject: team.subject,
      requester: requester.fhirRef,
      topic,
      identifier,
      startedAt: new Date(),
      serverName: this.config.serverName,
    });
    const cause = { ...causeOf(requester.fhirRef, answerTo), occasion: identifier, patient: team.subject };
    const { ref } = await this.audited.createOnce(request, requestQuery(identifier), cause);
    await this.applyCurrent(ref);
    await this.tell(answerTo, account, 'conversation-started', ref);
  }

  /** Completes the request; its Room becomes read-only as after any other completion. */
  async archive(message: MessageOf<'conversation.archive'>): Promise<void> {
    const { conversation: ref, by, answerTo } = message;
    const conversation = await this.conversations.find(ref);
    const member =
      conversation &&
      memberWithAccount(holders(await this.conversations.members(conversation, { userIds: [by] })), by);
    if (!member || !mayArchive(member.role)) return this.tell(answerTo, by, 'requester-unknown');
    if (!(await this.fhir.read<CommunicationRequest>(ref))) return;
    const occasion = `archived by ${answerTo?.eventId ?? by}`;
    const cause = { ...causeOf(member.fhirRef, answerTo), occasion, patient: conversation.subject };
    await this.audited.change<CommunicationRequest>(ref, archivedRequest, cause);
    // Told first, so that it is the last thing said before the Room closes.
    await this.tell(answerTo, by, 'conversation-archived');
    await this.applyCurrent(ref);
  }

  /** The pull brings the same version later, or has brought it already: either changes nothing. */
  private async applyCurrent(ref: MessageOf<'conversation.archive'>['conversation']): Promise<void> {
    const request = await this.fhir.read<CommunicationRequest>(ref);
    if (request) await this.sync.apply(request);
  }

  private async tell(
    answerTo: AnswerTo,
    to: UserId,
    notice: NoticeCode,
    conversation?: FhirRef,
  ): Promise<void> {
    if (!answerTo) return;
    const { roomId, eventId: inReplyTo } = answerTo;
    const details = conversation && { conversation };
    const message = { roomId, inReplyTo, to, notice, details };
    // What speaks of a conversation comes after the command that makes its Room.
    const key = conversation ?? roomId;
    await this.publisher.publish('command.send-notice', key, message, { id: `${inReplyTo} ${notice}` });
  }
}

function causeOf(by: FhirRef, answerTo: AnswerTo) {
  return { by, room: answerTo?.roomId, event: answerTo?.eventId };
}

function holders(members: readonly Member[]) {
  return members.map(({ participant, role }) => ({
    fhirRef: participant.fhirRef,
    accountUserId: participant.accountUserId,
    role,
  }));
}
