import { Injectable, Logger } from '@nestjs/common';
import { FhirRef, type MessageOf, typeOf } from '@bridge/contracts';
import {
  type EndOfResource,
  type PersonResource,
  endedCareTeam,
  endedCommunication,
  endedRole,
  refOf,
  systems,
  versionAtOf,
} from '@bridge/mapping';
import { CareTeamStore, ConversationStore, DeletedPersonStore, MessageLinkStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import type { Communication } from '@medplum/fhirtypes';
import { CareTeamSync } from './care-team-sync';
import { CommunicationSync } from './communication-sync';
import { PersonSync } from './person-sync';

/**
 * A deletion → what Matrix should have then. It is a version like any other: what was written later, a resource that
 * came back among it, wins.
 */
@Injectable()
export class DeletionSync {
  private readonly logger = new Logger(DeletionSync.name);

  constructor(
    private readonly careTeams: CareTeamSync,
    private readonly careTeamStore: CareTeamStore,
    private readonly communications: CommunicationSync,
    private readonly conversationStore: ConversationStore,
    private readonly persons: PersonSync,
    private readonly deletedPersons: DeletedPersonStore,
    private readonly links: MessageLinkStore,
    private readonly publisher: QueuePublisher,
  ) {}

  async apply(end: EndOfResource & Pick<MessageOf<'fhir.changed'>, 'resource'>): Promise<void> {
    this.logger.log(`${end.ref} was deleted`);
    switch (typeOf(end.ref)) {
      case 'CareTeam':
        return this.closeCareTeam(end);
      case 'CommunicationRequest':
        return this.closeConversation(end);
      case 'Communication':
        return this.takeBack(end, end.resource as Communication | undefined);
      case 'Practitioner':
      case 'RelatedPerson':
      case 'Patient':
        return this.personIsGone(end);
      case 'PractitionerRole':
        return this.persons.applyRole(endedRole(end));
      case 'Endpoint':
        return this.persons.applyEndpoint(end.ref, `${end.versionId} deleted ${end.lastUpdated}`);
      default:
        return this.takeBackLine(end);
    }
  }

  /** To be called with every version of a person: one who was deleted and is there again belongs to their teams again. */
  async personIsThere(person: PersonResource): Promise<void> {
    const versionAt = versionAtOf(person);
    const due = await this.deletedPersons.restored(refOf(person), versionAt);
    if (due) await this.applyAgain(refOf(person), due, versionAt.toISOString());
  }

  /** As an inactive one: its members leave, its Space is archived. */
  private async closeCareTeam(end: EndOfResource): Promise<void> {
    const known = await this.careTeamStore.find(end.ref);
    if (known) await this.careTeams.apply(endedCareTeam(end, known.subject));
  }

  /** As a revoked one: its Room can be read, and what was said in it stays. */
  private async closeConversation({ ref, versionId, lastUpdated }: EndOfResource): Promise<void> {
    if (!(await this.conversationStore.close(ref, new Date(lastUpdated)))) return;
    const id = `${ref}/_history/${versionId} deleted ${lastUpdated}`;
    await this.publisher.publish('command.reconcile-room', ref, { conversation: ref }, { id });
  }

  /** As one that was entered in error. What a server without history does not tell any more is in the link. */
  private async takeBack(end: EndOfResource, remains: Communication | undefined): Promise<void> {
    const ended = endedCommunication(end, remains);
    const [link] = await this.links.ofResource(end.ref);
    if (!remains && link?.direction === 'to-fhir' && link.eventId) {
      const identifier = [{ system: systems.eventId, value: link.eventId }];
      return this.communications.apply({ ...ended, identifier });
    }
    return this.communications.apply(ended);
  }

  /** What was measured, prescribed or noted. Of what was never told nothing has to be taken back. */
  private async takeBackLine({ ref, versionId, lastUpdated }: EndOfResource): Promise<void> {
    const conversation = await this.links.conversationOf(ref);
    if (!conversation) return;
    const message = { conversation, source: ref, version: versionId, versionAt: lastUpdated };
    const id = `${ref}/_history/${versionId} deleted ${lastUpdated}`;
    await this.publisher.publish('command.redact-message', conversation, message, { id });
  }

  private async personIsGone({ ref, lastUpdated }: EndOfResource): Promise<void> {
    const due = await this.deletedPersons.deleted(ref, new Date(lastUpdated));
    await this.applyAgain(ref, due, `deleted ${lastUpdated}`);
  }

  /** The care teams are marked as due as well: when this process dies here, the timer queues them. */
  private async applyAgain(person: FhirRef, due: readonly FhirRef[], version: string): Promise<void> {
    for (const careTeam of due) {
      const id = `${careTeam} ${person} ${version}`;
      await this.publisher.publish('fhir.due', careTeam, { careTeam }, { id });
    }
    for (const conversation of await this.conversationStore.withoutTeamOf(person)) {
      const id = `${conversation} ${person} ${version}`;
      await this.publisher.publish('command.reconcile-room', conversation, { conversation }, { id });
    }
  }
}
