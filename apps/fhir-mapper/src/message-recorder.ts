import { Injectable } from '@nestjs/common';
import { EventId, FhirRef, MatrixEvent, NoticeCode, TransientError } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import {
  type Edit,
  edited,
  identifierQuery,
  isSupported,
  readEdit,
  redacted,
  redactionTarget,
  replyTarget,
  toCommunication,
  wasRedacted,
} from '@bridge/mapping';
import { Conversation, ConversationStore, MessageLinkStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import type { Communication } from '@medplum/fhirtypes';
import { MapperConfig } from './mapper-config';

type Outcome =
  'recorded' | 'unsupported' | 'repeated' | 'edited' | 'nothing-to-edit' | 'redacted-before' | 'foreign-room';

/** What is said in Matrix → Communication, exactly once. */
@Injectable()
export class MessageRecorder {
  private readonly outcomes;

  constructor(
    private readonly fhir: FhirClient,
    private readonly conversations: ConversationStore,
    private readonly links: MessageLinkStore,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter(
      'bridge_matrix_messages_total',
      'Messages from Matrix, by what became of them',
      ['outcome'],
    );
  }

  async record(event: MatrixEvent): Promise<void> {
    this.outcomes.inc({ outcome: await this.recordMessage(event) });
  }

  /** The homeserver has decided that the redaction is allowed. What was written in FHIR is not Matrix's to take back. */
  async redact(event: MatrixEvent): Promise<void> {
    const target = redactionTarget(event);
    const record = target && (await this.recordOf(target));
    const after = record && redacted(record, event);
    if (after) await this.fhir.update(after);
    this.outcomes.inc({ outcome: after ? 'redacted' : 'nothing-to-redact' });
  }

  private async recordMessage(event: MatrixEvent): Promise<Outcome> {
    const conversation = await this.conversations.ofRoom(event.room_id);
    if (!conversation) return 'foreign-room';
    if (wasRedacted(event)) return 'redacted-before';
    const edit = readEdit(event);
    if (edit) return this.edit(edit, conversation);
    if (await this.links.resourceOf(event.event_id)) return 'repeated';
    const communication = await this.communicationOf(event, conversation);
    const { ref, versionId } = await this.fhir.createOnce(communication, identifierQuery(event.event_id));
    const source = { fhirRef: ref, part: 0, version: versionId, conversation: conversation.conversation };
    await this.links.recorded(source, event.event_id);
    if (isSupported(event)) return 'recorded';
    await this.tellSender(event, 'unsupported-content');
    return 'unsupported';
  }

  private async edit({ target, replacement }: Edit, conversation: Conversation): Promise<Outcome> {
    const record = await this.recordOf(target);
    const after = record && edited(record, await this.communicationOf(replacement, conversation));
    if (!after) return 'nothing-to-edit';
    await this.fhir.update(after);
    return 'edited';
  }

  private async recordOf(eventId: EventId): Promise<Communication | undefined> {
    const ref = await this.links.recordOf(eventId);
    return ref && this.fhir.read<Communication>(ref);
  }

  private async communicationOf(event: MatrixEvent, conversation: Conversation): Promise<Communication> {
    const [sender, inResponseTo] = await Promise.all([
      this.senderOf(event, conversation),
      this.inResponseTo(event, conversation),
    ]);
    return toCommunication(event, {
      ...conversation,
      sender,
      inResponseTo,
      serverName: this.config.serverName,
    });
  }

  /** Looked for among this conversation's members: one human can be several RelatedPersons, one for each patient. */
  private async senderOf(event: MatrixEvent, conversation: Conversation): Promise<FhirRef | undefined> {
    const members = await this.conversations.members(conversation);
    return members.find(({ participant }) => participant.accountUserId === event.sender)?.participant.fhirRef;
  }

  /** @throws TransientError while the message that is replied to may be one that is being sent just now */
  private async inResponseTo(
    event: MatrixEvent,
    { conversation }: Conversation,
  ): Promise<FhirRef | undefined> {
    const target = replyTarget(event);
    if (!target) return undefined;
    const ref = await this.links.resourceOf(target);
    if (ref || !(await this.links.hasUnsent(conversation))) return ref;
    throw new TransientError('reply-target-unknown', 'The message replied to is not known yet', {
      advice: 'Passes by itself as soon as the messages under way are sent.',
    });
  }

  private async tellSender(
    { room_id: roomId, event_id: inReplyTo, sender: to }: MatrixEvent,
    notice: NoticeCode,
  ): Promise<void> {
    await this.publisher.publish(
      'command.send-notice',
      roomId,
      { roomId, inReplyTo, to, notice },
      { id: inReplyTo },
    );
  }
}
