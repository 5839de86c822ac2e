import { randomUUID } from 'node:crypto';
import { FhirRef, RoomId, UserId } from '@bridge/contracts';
import {
  AccountOverrideStore,
  CareTeamStore,
  ConversationStore,
  DueCareTeamStore,
  ParticipantStore,
  type Person,
  RoomMembershipStore,
} from '@bridge/persistence';
import type { TestingModule } from '@nestjs/testing';
import { queryDatabase } from './support/database';
import { openStores } from './support/stores';

let nest: TestingModule;
let participants: ParticipantStore;
let overrides: AccountOverrideStore;
let careTeams: CareTeamStore;
let conversations: ConversationStore;
let due: DueCareTeamStore;
let memberships: RoomMembershipStore;

beforeAll(async () => {
  nest = await openStores();
  participants = nest.get(ParticipantStore);
  overrides = nest.get(AccountOverrideStore);
  careTeams = nest.get(CareTeamStore);
  conversations = nest.get(ConversationStore);
  due = nest.get(DueCareTeamStore);
  memberships = nest.get(RoomMembershipStore);
}, 30_000);

afterAll(() => nest?.close());

const newRef = (type: string) => FhirRef.parse(`${type}/${randomUUID()}`);
const newAccount = () => UserId.parse(`@${randomUUID()}:gp.example`);
const newRoom = () => RoomId.parse(`!${randomUUID()}`);
const ghostOf = (opaque: string) => UserId.parse(`@_fhir_bridge_${opaque}:care.example`);
const day = (number: number) => new Date(Date.UTC(2026, 2, number));
const admin = newAccount();

async function save(fhirRef: FhirRef, more: Partial<Person> = {}): Promise<FhirRef[]> {
  const person = { fhirRef, accountUserId: null, displayName: 'A', mapping: { fhirRef }, ...more };
  return participants.save(person, ghostOf);
}

async function newTeam(persons: readonly FhirRef[], versionAt = day(1)): Promise<FhirRef> {
  const careTeam = newRef('CareTeam');
  const members = persons.map((person) => ({ person, role: 'professional' as const }));
  const facts = { subject: null, open: true, ownSpace: true, sealedSubject: null, nextChangeAt: null };
  await careTeams.apply({ careTeam, versionAt, members, ...facts });
  return careTeam;
}

const isDue = async (careTeam: FhirRef) =>
  (await due.list(new Date(Date.now() + 1_000), 100_000)).some((each) => each.careTeam === careTeam);

describe('a person who is saved', () => {
  it('has all their care teams applied again when they gain, change or lose an account', async () => {
    const person = newRef('Practitioner');
    await save(person);
    const teams = [await newTeam([person]), await newTeam([person])].sort();
    const [first, second] = [newAccount(), newAccount()];
    for (const accountUserId of [first, second, null]) {
      await Promise.all(teams.map((team) => due.forget(team)));
      expect((await save(person, { accountUserId })).sort()).toEqual(teams);
      for (const team of teams) expect(await isDue(team)).toBe(true);
    }
    const known = await participants.known([first, second]);
    expect([...known]).toEqual(expect.arrayContaining([first, second]));
  });

  it('has one care team applied again for a new name, and none for nothing new', async () => {
    const person = newRef('Practitioner');
    await save(person);
    await Promise.all([newTeam([person]), newTeam([person])]);
    expect(await save(person, { displayName: 'B' })).toHaveLength(1);
    expect(await save(person, { displayName: 'B' })).toEqual([]);
  });

  it('has the care teams applied again whose conversations name them', async () => {
    const person = newRef('Practitioner');
    await save(person);
    const careTeam = await newTeam([]);
    const conversation = newRef('CommunicationRequest');
    const facts = { subject: null, encounter: null, open: true, name: 'x', versionAt: day(1) };
    await conversations.apply({ conversation, careTeam, parties: [person], ...facts });
    expect(await save(person, { accountUserId: newAccount() })).toEqual([careTeam]);
    const alone = newRef('CommunicationRequest');
    await conversations.apply({ conversation: alone, careTeam: null, parties: [person], ...facts });
    expect(await conversations.withoutTeamOf(person)).toEqual([alone]);
  });

  it('is not brought back to an older version of their resource', async () => {
    const person = newRef('Practitioner');
    const accountUserId = newAccount();
    await save(person, { accountUserId, versionAt: day(2) });
    expect(await save(person, { accountUserId: newAccount(), versionAt: day(1) })).toEqual([]);
    expect(await participants.find(person)).toMatchObject({ accountUserId });
  });

  it('is the newest of twenty versions that are saved at the same time', async () => {
    const person = newRef('Practitioner');
    const versions = Array.from({ length: 20 }, (_, index) => ({
      accountUserId: newAccount(),
      versionAt: day(index + 1),
    }));
    await Promise.all([...versions].sort(() => Math.random() - 0.5).map((version) => save(person, version)));
    expect(await participants.find(person)).toMatchObject({ accountUserId: versions[19]!.accountUserId });
  });

  it('is found by account and ghost, as everybody who has it', async () => {
    const accountUserId = newAccount();
    const persons = [newRef('RelatedPerson'), newRef('RelatedPerson')].sort();
    for (const person of persons) await save(person, { accountUserId });
    const refs = async (userId: UserId) =>
      (await participants.withUserId(userId)).map(({ fhirRef }) => fhirRef);
    expect(await refs(accountUserId)).toEqual(persons);
    const { ghostUserId } = (await participants.find(persons[0]!))!;
    expect(await refs(ghostUserId)).toEqual([persons[0]]);
  });

  it('gets their role from the care team that changed last', async () => {
    const person = newRef('Practitioner');
    await save(person);
    const [older, newer] = [await newTeam([person], day(1)), await newTeam([person], day(2))];
    expect(await participants.hasNewerTeam(person, { careTeam: older, versionAt: day(1) })).toBe(true);
    expect(await participants.hasNewerTeam(person, { careTeam: newer, versionAt: day(2) })).toBe(false);
    expect(await participants.hasNewerTeam(person, { careTeam: newer, versionAt: day(1) })).toBe(true);
  });
});

describe('an account that an administrator gives', () => {
  it('wins over the resource until it is taken back, and has the care teams applied again', async () => {
    const person = newRef('Practitioner');
    const [own, given] = [newAccount(), newAccount()];
    await save(person, { accountUserId: own });
    const team = await newTeam([person]);
    await overrides.set(person, given, admin);
    expect(await isDue(team)).toBe(true);
    expect(await save(person, { accountUserId: own })).toEqual([team]);
    expect(await participants.find(person)).toMatchObject({ accountUserId: given });
    await due.forget(team);
    await overrides.remove(person);
    expect(await isDue(team)).toBe(true);
    await save(person, { accountUserId: own });
    expect(await participants.find(person)).toMatchObject({ accountUserId: own });
    expect([...(await participants.known([given]))]).toContain(given);
  });
});

describe('who is in a Room', () => {
  it('is what was noted last', async () => {
    const [room, user] = [newRoom(), newAccount()];
    expect(await memberships.find(room, user)).toBeUndefined();
    await Promise.all(Array.from({ length: 10 }, () => memberships.note(room, user, 'invite')));
    await memberships.note(room, user, 'join');
    expect(await memberships.find(room, user)).toBe('join');
  });

  it('is nobody who has declined, until the care team changes or they are invited again', async () => {
    const [space, user, other] = [newRoom(), newAccount(), newAccount()];
    const team = await newTeam([]);
    await careTeams.setSpace(team, space);
    await memberships.decline(space, user);
    await memberships.note(space, other, 'leave');
    expect([...(await memberships.declined(space, [user, other]))]).toEqual([user]);
    await memberships.askAgain(await newTeam([]));
    expect((await memberships.declined(space, [user])).size).toBe(1);
    await memberships.askAgain(team);
    expect((await memberships.declined(space, [user])).size).toBe(0);
    await memberships.decline(space, user);
    await memberships.note(space, user, 'invite');
    expect((await memberships.declined(space, [user])).size).toBe(0);
  });

  it('is put back a few times within a span of time, however many try at once', async () => {
    const [room, user] = [newRoom(), newAccount()];
    await memberships.note(room, user, 'leave');
    const limit = { most: 3, withinMs: 60_000 };
    const taken = await Promise.all(
      Array.from({ length: 10 }, () => memberships.takeRestoration(room, user, limit)),
    );
    expect(taken.filter(Boolean)).toHaveLength(3);
    expect(await memberships.takeRestoration(room, newAccount(), limit)).toBe(false);
    await queryDatabase(
      process.env.TEST_DATABASE_URL!,
      `UPDATE room_membership SET restored_at = ARRAY[now() - interval '2 minutes', now()] WHERE room_id = $1`,
      [room],
    );
    expect(await memberships.takeRestoration(room, user, limit)).toBe(true);
    expect(await memberships.takeRestoration(room, user, limit)).toBe(true);
    expect(await memberships.takeRestoration(room, user, limit)).toBe(false);
  });
});
