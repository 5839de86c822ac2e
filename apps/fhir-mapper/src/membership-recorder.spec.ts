import { AuditTrail } from '@bridge/audit';
import { FhirRef, UserId } from '@bridge/contracts';
import { type Binaries, type FhirClient, FhirConflict } from '@bridge/fhir';
import type { AuditOutboxStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import type { CareTeam, RelatedPerson } from '@medplum/fhirtypes';
import { AuditedRecord } from './audited-record';
import type { CareTeamSync } from './care-team-sync';
import { MembershipRecorder } from './membership-recorder';
import type { PersonResolver } from './person-resolver';

const careTeam = FhirRef.parse('CareTeam/t');
const userId = UserId.parse('@ada:gp.example');
const changedAt = '2026-03-10T12:00:00.000Z';
const joins = { careTeam, userId, present: true, changedAt };
const leaves = { ...joins, present: false };

/** A FHIR server with one care team, and the persons of one account. */
class World {
  team: CareTeam | undefined = {
    resourceType: 'CareTeam',
    id: 't',
    subject: { reference: 'Patient/p' },
    participant: [
      { member: { reference: 'PractitionerRole/of-ada' } },
      { member: { reference: 'Patient/p' } },
    ],
  };
  persons = ['Practitioner/ada'];
  conflicts = 0;
  readonly written: CareTeam[] = [];
  readonly recorder: MembershipRecorder;

  constructor() {
    const fhir = {
      read: async (ref: string) =>
        ref === careTeam
          ? this.team
          : ({ patient: { reference: `Patient/${ref.endsWith('mine') ? 'p' : 'other'}` } } as RelatedPerson),
      update: async (resource: CareTeam) => {
        if (this.conflicts-- > 0) throw new FhirConflict('update a resource');
        this.written.push(resource);
        this.team = resource;
      },
    };
    const persons = {
      withUserId: async () => this.persons.map((ref) => FhirRef.parse(ref)),
      practitionerOf: async (ref: string) =>
        ref === 'PractitionerRole/of-ada' ? FhirRef.parse('Practitioner/ada') : undefined,
    };
    const config = { enabled: false, serverName: 'care.example' };
    const trail = new AuditTrail({} as AuditOutboxStore, config, new Metrics());
    this.recorder = new MembershipRecorder(
      fhir as unknown as FhirClient,
      new AuditedRecord(fhir as unknown as FhirClient, {} as Binaries, trail),
      persons as unknown as PersonResolver,
      {} as CareTeamSync,
    );
  }

  get last() {
    return this.team?.participant?.at(-1);
  }
}

it('the end of somebody’s time is written once, however often it is told', async () => {
  const world = new World();
  for (let times = 0; times < 3; times += 1) await world.recorder.change(leaves);
  expect(world.written).toHaveLength(1);
  expect(world.team?.participant?.[0]?.period).toEqual({ end: changedAt });
});

it('a change of somebody else that comes first is kept, and ours is applied to it', async () => {
  const world = new World();
  world.conflicts = 2;
  await world.recorder.change(leaves);
  expect(world.written).toHaveLength(1);
});

it('a care team that others keep changing is left to a later try', async () => {
  const world = new World();
  world.conflicts = 99;
  await expect(world.recorder.change(leaves)).rejects.toBeInstanceOf(FhirConflict);
  expect(world.conflicts).toBe(94);
});

it('a care team that is gone is left alone', async () => {
  const world = new World();
  world.team = undefined;
  await world.recorder.change(leaves);
  expect(world.written).toEqual([]);
});

it('who was in the team as somebody’s role comes back as that', async () => {
  const world = new World();
  await world.recorder.change(leaves);
  await world.recorder.change({ ...joins, changedAt: '2026-03-11T12:00:00.000Z' });
  expect(world.last).toMatchObject({ member: { reference: 'PractitionerRole/of-ada' } });
});

it.each<[string, string[], string | undefined]>([
  ['a professional', ['Practitioner/b', 'RelatedPerson/mine'], 'Practitioner/b'],
  ['who is related to this patient', ['RelatedPerson/theirs', 'RelatedPerson/mine'], 'RelatedPerson/mine'],
  ['the one who was in the team', ['Practitioner/b', 'Practitioner/ada'], undefined],
  ['nobody who is related to another patient alone', ['RelatedPerson/theirs'], undefined],
  ['nobody of no people', [], undefined],
])('of all the people that one account is, %s joins', async (_words, persons, joined) => {
  const world = new World();
  world.persons = persons;
  await world.recorder.change(joins);
  expect(world.written).toHaveLength(joined ? 1 : 0);
  if (joined)
    expect(world.last).toMatchObject({ member: { reference: joined }, period: { start: changedAt } });
});
