import { Injectable } from '@nestjs/common';
import type { FhirRef } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { readMark, refOf, versionAtOf, versionIdOf, whereTo } from '@bridge/mapping';
import { CareTeamStore, ConversationStore, MessageLinkStore, ParticipantStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import type { AuditEvent, Communication, Task } from '@medplum/fhirtypes';
import { MapperConfig } from './mapper-config';
import { PersonResolver } from './person-resolver';

/** A completed Task, or an AuditEvent of an access → a read receipt of the person's ghost. */
@Injectable()
export class ReadingSync {
  constructor(
    private readonly fhir: FhirClient,
    private readonly persons: PersonResolver,
    private readonly participants: ParticipantStore,
    private readonly conversations: ConversationStore,
    private readonly careTeams: CareTeamStore,
    private readonly links: MessageLinkStore,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
  ) {}

  /**
   * What the bridge has written itself comes to nothing: its AuditEvents bear its mark, and its Tasks are those of people
   * who read in Matrix, under an account of their own.
   * @param key the ordering key under which the change came
   */
  async apply(resource: Task | AuditEvent, key: string | undefined): Promise<void> {
    const mark = this.config.marks(resource.resourceType) ? readMark(resource) : undefined;
    if (!mark) return;
    const conversation = mark.conversation ?? (await this.conversationOf(mark.what));
    if (!conversation) return;
    if (key !== conversation) return this.passOn(resource, conversation);
    if (!(await this.conversations.find(conversation))) return;
    const reader = await this.persons.known(mark.reader);
    const participant = reader && (await this.participants.find(reader));
    if (!participant || participant.accountUserId) return;
    const receipt = { conversation, reader: participant.fhirRef, communication: mark.what };
    await this.publisher.publish('command.send-receipt', conversation, receipt, { id: versionOf(resource) });
  }

  /** An AuditEvent does not tell its conversation: it goes through the queue once more, behind the message that was read. */
  private async passOn(resource: Task | AuditEvent, conversation: FhirRef): Promise<void> {
    const change = {
      ref: refOf(resource),
      versionId: versionIdOf(resource),
      lastUpdated: versionAtOf(resource).toISOString(),
      resource: { ...resource },
    };
    const id = `${versionOf(resource)} in ${conversation}`;
    await this.publisher.publish('fhir.changed', conversation, change, { id });
  }

  private async conversationOf(what: FhirRef): Promise<FhirRef | undefined> {
    const [link] = await this.links.ofResource(what);
    if (link) return link.conversation;
    const communication = await this.fhir.read<Communication>(what);
    if (communication?.resourceType !== 'Communication') return undefined;
    const { request, careTeam, subject } = whereTo(communication);
    const named = request ?? careTeam;
    if (named) return named;
    return subject ? (await this.careTeams.ofSubject(subject))[0] : undefined;
  }
}

function versionOf(resource: Task | AuditEvent): string {
  return `${refOf(resource)}/_history/${versionIdOf(resource)}`;
}
