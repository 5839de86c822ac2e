import { Inject, Injectable } from '@nestjs/common';
import { FhirRef, strongerRole } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { inviteContext, readCareTeam, versionIdOf } from '@bridge/mapping';
import type { CareTeamReadingMember, PseudonymService } from '@bridge/mapping';
import { CareTeamFacts, CareTeamStore, ConversationStore, Sealer } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import type { CareTeam, Patient } from '@medplum/fhirtypes';
import { MapperConfig, PSEUDONYMS } from './mapper-config';
import { PersonResolver } from './person-resolver';

/** CareTeam → what its Space, and the Rooms in it, should be. */
@Injectable()
export class CareTeamSync {
  constructor(
    private readonly fhir: FhirClient,
    private readonly persons: PersonResolver,
    private readonly careTeams: CareTeamStore,
    private readonly conversations: ConversationStore,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
    private readonly sealer: Sealer,
    @Inject(PSEUDONYMS) private readonly pseudonyms: PseudonymService,
  ) {}

  /**
   * Writes what this version says, and has Space and Rooms made so. An older version than the written one changes nothing.
   * @param occasion why the same version is applied once more
   */
  async apply(careTeam: CareTeam, occasion = 'changed'): Promise<void> {
    const { members, ...reading } = readCareTeam(careTeam, new Date(), this.config.leadRoles);
    const [persons, sealedSubject] = await Promise.all([
      this.personsOf(members),
      this.sealedSubject(reading.subject),
    ]);
    const isCurrent = await this.careTeams.apply({ ...reading, sealedSubject, members: persons });
    if (!isCurrent) return;
    const { careTeam: ref } = reading;
    const version = `${ref}/_history/${versionIdOf(careTeam)} ${occasion}`;
    await this.publisher.publish('command.reconcile-space', ref, { careTeam: ref }, { id: version });
    for (const conversation of await this.conversations.involving(ref)) {
      await this.publisher.publish(
        'command.reconcile-room',
        conversation,
        { conversation },
        { id: `${conversation} ${version}` },
      );
    }
  }

  /** The care team, read and applied first when the bridge does not know it yet. */
  async ensure(ref: FhirRef): Promise<FhirRef | null> {
    if (await this.careTeams.find(ref)) return ref;
    const careTeam = await this.fhir.read<CareTeam>(ref);
    if (!careTeam) return null;
    await this.apply(careTeam);
    return ref;
  }

  /** The patient of a care team that the bridge knows. */
  async subjectOf(ref: FhirRef): Promise<FhirRef | null> {
    return (await this.careTeams.find(ref))?.subject ?? null;
  }

  /** The care team around a patient: the one that changed last, where there are several. */
  async ofSubject(subject: FhirRef): Promise<FhirRef | null> {
    const [known] = await this.careTeams.ofSubject(subject);
    if (known) return known;
    for await (const page of this.fhir.search<CareTeam>('CareTeam', { subject, _sort: '-_lastUpdated' })) {
      for (const careTeam of page) await this.apply(careTeam);
    }
    return (await this.careTeams.ofSubject(subject))[0] ?? null;
  }

  /** Each person once, though they may take part in several roles: the strongest counts. */
  private async personsOf(members: readonly CareTeamReadingMember[]): Promise<CareTeamFacts['members']> {
    const resolved = await Promise.all(
      members.map(async ({ member, role, roleCode }) => ({
        person: await this.persons.resolve(member, roleCode),
        role,
      })),
    );
    const byPerson = new Map<FhirRef, CareTeamFacts['members'][number]>();
    for (const { person, role } of resolved) {
      if (person)
        byPerson.set(person, { person, role: strongerRole(role, byPerson.get(person)?.role ?? role) });
    }
    return [...byPerson.values()];
  }

  private async sealedSubject(subject: FhirRef | null): Promise<CareTeamFacts['sealedSubject']> {
    const patient = subject ? await this.fhir.read<Patient>(subject) : undefined;
    const pseudonym = patient ? this.pseudonyms.pseudonymOf(patient) : undefined;
    return pseudonym ? this.sealer.seal(inviteContext(pseudonym)) : null;
  }
}
