import { Inject, Injectable } from '@nestjs/common';
import { FhirRef, strongerRole } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { inviteContext, readCareTeam, refOf, versionIdOf } from '@bridge/mapping';
import type {
  CareTeamReading,
  CareTeamReadingMember,
  PersonResource,
  PseudonymService,
} from '@bridge/mapping';
import {
  CareTeamFacts,
  CareTeamStore,
  ConversationStore,
  DueCareTeamStore,
  RoomMembershipStore,
  Sealer,
} from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import type { CareTeam, Patient } from '@medplum/fhirtypes';
import { MapperConfig, PSEUDONYMS } from './mapper-config';
import { NestedTeams } from './nested-teams';
import { PersonResolver } from './person-resolver';

/** CareTeam → what its Space, and the Rooms in it, should be. */
@Injectable()
export class CareTeamSync {
  constructor(
    private readonly fhir: FhirClient,
    private readonly persons: PersonResolver,
    private readonly nested: NestedTeams,
    private readonly careTeams: CareTeamStore,
    private readonly conversations: ConversationStore,
    private readonly dueTeams: DueCareTeamStore,
    private readonly memberships: RoomMembershipStore,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
    private readonly sealer: Sealer,
    @Inject(PSEUDONYMS) private readonly pseudonyms: PseudonymService,
  ) {}

  /**
   * Writes what this version says, and has Space and Rooms made so, also of the teams that have this one in them. An
   * older version than the written one changes nothing. Whoever has declined an invite is asked once more.
   */
  async apply(careTeam: CareTeam): Promise<void> {
    if (!(await this.write(careTeam))) return;
    await this.memberships.askAgain(refOf(careTeam));
    const version = `${refOf(careTeam)}/_history/${versionIdOf(careTeam)}`;
    await this.reconcile(refOf(careTeam), version);
    await this.nested.reapplyAround(refOf(careTeam), version);
  }

  /** As `apply`, of what the server holds now, though it is no new version: the time or a person has changed. */
  async reapply(ref: FhirRef): Promise<void> {
    const careTeam = await this.fhir.read<CareTeam>(ref);
    if (!careTeam) return this.dueTeams.forget(ref);
    const before = await this.personsIn(ref);
    if (!(await this.write(careTeam))) return;
    if (before !== (await this.personsIn(ref))) await this.memberships.askAgain(ref);
    // The version was queued before, and the queue would take this for a repetition of that.
    await this.reconcile(ref, `${ref} at ${new Date().toISOString()}`);
  }

  /** The care team, read and applied first when the bridge does not know it yet. */
  async ensure(ref: FhirRef): Promise<FhirRef | null> {
    if (await this.careTeams.find(ref)) return ref;
    const careTeam = await this.fhir.read<CareTeam>(ref);
    if (!careTeam) return null;
    await this.apply(careTeam);
    return ref;
  }

  /** Whether a care team that the bridge knows has a Space, which the teams of organisations have not. */
  async hasOwnSpace(ref: FhirRef): Promise<boolean> {
    return (await this.careTeams.find(ref))?.ownSpace ?? false;
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

  private async write(careTeam: CareTeam): Promise<boolean> {
    const now = new Date();
    const reading = await this.nested.expand(readCareTeam(careTeam, now, this.config.leadRoles), now);
    const [members, sealedSubject] = await Promise.all([
      this.personsOf(reading),
      this.sealedSubject(reading.subject),
    ]);
    return this.careTeams.apply({ ...reading, sealedSubject, members });
  }

  private async reconcile(careTeam: FhirRef, id: string): Promise<void> {
    await this.publisher.publish('command.reconcile-space', careTeam, { careTeam }, { id });
    for (const conversation of await this.conversations.involving(careTeam)) {
      await this.publisher.publish(
        'command.reconcile-room',
        conversation,
        { conversation },
        { id: `${conversation} ${id}` },
      );
    }
  }

  private async personsIn(ref: FhirRef): Promise<string> {
    const members = (await this.careTeams.find(ref))?.members ?? [];
    return members.map(({ participant }) => participant.fhirRef).join(' ');
  }

  /**
   * Each person once, though they may take part in several roles: the strongest counts. Once also where they are
   * saved: two roles that took turns would have the bridge apply the team for ever.
   */
  private async personsOf({
    members,
    careTeam,
    versionAt,
  }: CareTeamReading): Promise<CareTeamFacts['members']> {
    const found = await Promise.all(
      members.map(async (each) => ({ ...each, resource: await this.persons.read(each.member) })),
    );
    const byPerson = new Map<FhirRef, CareTeamReadingMember & { resource: PersonResource }>();
    for (const { resource, ...member } of found) {
      if (!resource) continue;
      const { role } = byPerson.get(refOf(resource)) ?? {};
      if (role && strongerRole(role, member.role) === role) continue;
      byPerson.set(refOf(resource), { ...member, resource });
    }
    const persons = [...byPerson.entries()];
    await Promise.all(
      persons.map(([, { resource, given }]) =>
        this.persons.save(resource, { role: given, careTeam, versionAt }),
      ),
    );
    return persons.map(([person, { role }]) => ({ person, role }));
  }

  private async sealedSubject(subject: FhirRef | null): Promise<CareTeamFacts['sealedSubject']> {
    const patient = subject ? await this.fhir.read<Patient>(subject) : undefined;
    const pseudonym = patient ? this.pseudonyms.pseudonymOf(patient) : undefined;
    return pseudonym ? this.sealer.seal(inviteContext(pseudonym)) : null;
  }
}
