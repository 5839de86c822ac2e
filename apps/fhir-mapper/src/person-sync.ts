import { Injectable } from '@nestjs/common';
import { FhirRef, parseFhirRef } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { type PersonResource, refOf } from '@bridge/mapping';
import { CareTeamStore, ConversationStore, ParticipantStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import type { CareTeam, PractitionerRole } from '@medplum/fhirtypes';
import { NestedTeams } from './nested-teams';
import { PersonResolver } from './person-resolver';

/**
 * A person's resource that changes without any care team changing: they have another name, gain an account, move to
 * another homeserver, or lose their account. A record holds many more people than care teams do: who is in none is
 * not the bridge's.
 */
@Injectable()
export class PersonSync {
  constructor(
    private readonly fhir: FhirClient,
    private readonly persons: PersonResolver,
    private readonly nested: NestedTeams,
    private readonly participants: ParticipantStore,
    private readonly careTeams: CareTeamStore,
    private readonly conversations: ConversationStore,
    private readonly publisher: QueuePublisher,
  ) {}

  /**
   * Saves what the resource says and has their care teams applied again, where that makes a difference. Which ones is
   * noted with the change itself: when this process dies before it has queued them, the timer does.
   */
  async apply(person: PersonResource): Promise<void> {
    if (await this.isKnown(person))
      await this.applyAs(person, `${refOf(person)}/_history/${person.meta?.versionId ?? ''}`);
  }

  /** @param version names what has changed: the person's resource, or another one that says something of them */
  private async applyAs(person: PersonResource, version: string): Promise<void> {
    const ref = refOf(person);
    const due = await this.persons.save(person);
    for (const careTeam of due) await this.due(careTeam, version);
    // No care team speaks for these; there are few, so they need no note of what has changed.
    for (const conversation of await this.conversations.withoutTeamOf(ref)) {
      const id = `${conversation} ${version}`;
      await this.publisher.publish('command.reconcile-room', conversation, { conversation }, { id });
    }
  }

  /** Whether they take part, or did, in anything that is bridged. */
  async isKnown(person: PersonResource): Promise<boolean> {
    return (await this.participants.find(refOf(person))) !== undefined;
  }

  /**
   * It may be somebody else's now: the care teams that have it for a participant have another member then, and so have
   * those around them. And its professional may have another account by it.
   */
  async applyRole(role: PractitionerRole): Promise<void> {
    const ref = refOf(role);
    const version = `${ref}/_history/${role.meta?.versionId ?? ''}`;
    await this.applyPractitionerOf(role, version);
    for await (const page of this.fhir.search<CareTeam>('CareTeam', { participant: ref })) {
      for (const careTeam of page) {
        if (await this.careTeams.find(refOf(careTeam))) await this.due(refOf(careTeam), version);
        await this.nested.reapplyAround(refOf(careTeam), version);
      }
    }
  }

  /**
   * An account was opened, moved or closed: it is told through the roles that have it.
   * @param version names the version of it
   */
  async applyEndpoint(endpoint: FhirRef, version: string): Promise<void> {
    for await (const page of this.fhir.search<PractitionerRole>('PractitionerRole', { endpoint })) {
      for (const role of page) await this.applyPractitionerOf(role, `${endpoint}/_history/${version}`);
    }
  }

  private async applyPractitionerOf({ practitioner }: PractitionerRole, version: string): Promise<void> {
    const ref = parseFhirRef(practitioner?.reference);
    const person = ref && (await this.participants.find(ref)) && (await this.fhir.read<PersonResource>(ref));
    if (person) await this.applyAs(person, version);
  }

  private async due(careTeam: FhirRef, version: string): Promise<void> {
    await this.publisher.publish('fhir.due', careTeam, { careTeam }, { id: `${careTeam} ${version}` });
  }
}
