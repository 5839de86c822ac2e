import { randomUUID } from 'node:crypto';
import { FhirRef, RoomId, UserId } from '@bridge/contracts';
import {
  Among,
  CareTeamFacts,
  CareTeamStore,
  Conversation,
  ConversationFacts,
  ConversationStore,
  CursorStore,
  ParticipantStore,
} from '@bridge/persistence';
import type { TestingModule } from '@nestjs/testing';
import { openStores } from './support/stores';

let nest: TestingModule;
let careTeams: CareTeamStore;
let participants: ParticipantStore;
let conversations: ConversationStore;
let cursors: CursorStore;

beforeAll(async () => {
  nest = await openStores();
  careTeams = nest.get(CareTeamStore);
  participants = nest.get(ParticipantStore);
  conversations = nest.get(ConversationStore);
  cursors = nest.get(CursorStore);
}, 30_000);

afterAll(() => nest?.close());

const newRef = (type: string) => FhirRef.parse(`${type}/${randomUUID()}`);
const ghostOf = (opaque: string) => UserId.parse(`@_fhir_bridge_${opaque}:care.example`);
const day = (number: number) => new Date(Date.UTC(2026, 2, number));

async function newPerson(type = 'Practitioner', accountUserId: UserId | null = null): Promise<FhirRef> {
  const fhirRef = newRef(type);
  await participants.save({ fhirRef, accountUserId, displayName: 'A', mapping: { fhirRef } }, ghostOf);
  return fhirRef;
}

function team(careTeam: FhirRef, versionAt: Date, ...persons: FhirRef[]): CareTeamFacts {
  const members = persons.map((person) => ({ person, role: 'professional' as const }));
  const facts = { subject: null, open: true, ownSpace: true, sealedSubject: null, nextChangeAt: null };
  return { careTeam, versionAt, members, ...facts };
}

async function memberRefs(careTeam: FhirRef): Promise<FhirRef[] | undefined> {
  return (await careTeams.find(careTeam))?.members.map(({ participant }) => participant.fhirRef);
}

describe('a care team', () => {
  it('takes a newer version, with its members, and keeps its alias', async () => {
    const careTeam = newRef('CareTeam');
    const [a, b] = [await newPerson(), await newPerson()];
    expect(await careTeams.apply(team(careTeam, day(1), a))).toBe(true);
    const before = await careTeams.find(careTeam);
    expect(await careTeams.apply({ ...team(careTeam, day(2), b), open: false })).toBe(true);

    const after = await careTeams.find(careTeam);
    expect(await memberRefs(careTeam)).toEqual([b]);
    expect(after).toMatchObject({ open: false, aliasLocalpart: before?.aliasLocalpart });
    expect(before?.aliasLocalpart).toMatch(/^_fhir_bridge_[0-9a-f]{32}$/);
  });

  it('leaves an older version aside, with its members', async () => {
    const careTeam = newRef('CareTeam');
    const [a, b] = [await newPerson(), await newPerson()];
    await careTeams.apply(team(careTeam, day(2), a));
    expect(await careTeams.apply({ ...team(careTeam, day(1), b), open: false })).toBe(false);
    expect(await memberRefs(careTeam)).toEqual([a]);
    expect(await careTeams.find(careTeam)).toMatchObject({ open: true });
  });

  it('takes the same version again: who belongs can change with the day', async () => {
    const careTeam = newRef('CareTeam');
    const [a, b] = [await newPerson(), await newPerson()];
    await careTeams.apply(team(careTeam, day(1), a, b));
    expect(await careTeams.apply(team(careTeam, day(1), b))).toBe(true);
    expect(await memberRefs(careTeam)).toEqual([b]);
  });

  it('is the newest of twenty versions that come at the same time, with the members of that one', async () => {
    for (let round = 0; round < 3; round += 1) {
      const careTeam = newRef('CareTeam');
      const persons = await Promise.all(Array.from({ length: 20 }, () => newPerson()));
      const versions = persons.map((person, index) => team(careTeam, day(index + 1), persons[0]!, person));
      const shuffled = versions.slice(1).sort(() => Math.random() - 0.5);
      await Promise.all(shuffled.map((version) => careTeams.apply(version)));
      expect((await memberRefs(careTeam))?.sort()).toEqual([persons[0], persons[19]].sort());
    }
  }, 30_000);

  it('is refused as a whole where a member was not saved before', async () => {
    const careTeam = newRef('CareTeam');
    const a = await newPerson();
    await careTeams.apply(team(careTeam, day(1), a));
    await expect(careTeams.apply(team(careTeam, day(2), newRef('Practitioner')))).rejects.toThrow();
    expect(await memberRefs(careTeam)).toEqual([a]);
  });

  it('is found by its patient while it is open, the one that changed last first', async () => {
    const subject = newRef('Patient');
    const [older, newer, closed] = [newRef('CareTeam'), newRef('CareTeam'), newRef('CareTeam')];
    await careTeams.apply({ ...team(newer, day(2)), subject });
    await careTeams.apply({ ...team(older, day(1)), subject });
    await careTeams.apply({ ...team(closed, day(3)), subject, open: false });
    expect(await careTeams.ofSubject(subject)).toEqual([newer, older]);
  });

  it('has a Space that no other care team can have', async () => {
    const [a, b] = [newRef('CareTeam'), newRef('CareTeam')];
    await careTeams.apply(team(a, day(1)));
    await careTeams.apply(team(b, day(1)));
    const spaceId = RoomId.parse(`!${randomUUID()}`);
    await careTeams.setSpace(a, spaceId);
    await careTeams.setSpace(a, spaceId);
    await expect(careTeams.setSpace(b, spaceId)).rejects.toThrow('bound to another care team');
    await careTeams.apply(team(a, day(2)));
    expect(await careTeams.find(a)).toMatchObject({ spaceId });
  });
});

describe('a participant', () => {
  it('keeps the ghost they were given, whatever their resource says later', async () => {
    const fhirRef = await newPerson();
    const first = await participants.find(fhirRef);
    const accountUserId = UserId.parse(`@${randomUUID()}:gp.example`);
    await participants.ghostIsReady(fhirRef, { ghostName: 'A', ghostAvatar: 'A' });
    await participants.save({ fhirRef, accountUserId, displayName: 'B', mapping: { fhirRef } }, ghostOf);

    expect(first?.ghostUserId).toMatch(/^@_fhir_bridge_[0-9a-f]{32}:care\.example$/);
    expect(await participants.find(fhirRef)).toEqual({
      ...first,
      accountUserId,
      displayName: 'B',
      ghostReady: true,
      ghostName: 'A',
      ghostAvatar: 'A',
    });
  });

  it('has one ghost, though twenty save them at the same time', async () => {
    const fhirRef = newRef('Practitioner');
    const person = { fhirRef, accountUserId: null, displayName: 'A', mapping: { fhirRef } };
    const given: UserId[] = [];
    const seen = await Promise.all(
      Array.from({ length: 20 }, async () => {
        await participants.save(person, (opaque) => (given.push(ghostOf(opaque)), given.at(-1)!));
        return (await participants.find(fhirRef))?.ghostUserId;
      }),
    );
    expect(new Set(seen).size).toBe(1);
    expect(given).toContain(seen[0]);
  });

  it('is known by ghost and by account; nobody else is', async () => {
    const accountUserId = UserId.parse(`@${randomUUID()}:gp.example`);
    const { ghostUserId } = (await participants.find(await newPerson('RelatedPerson', accountUserId)))!;
    expect(await participants.isGhost(ghostUserId)).toBe(true);
    expect(await participants.isGhost(accountUserId)).toBe(false);
    expect(await participants.isGhost(ghostOf('never_handed_out'))).toBe(false);
    expect(await participants.known([accountUserId, '@stranger:x'])).toContain(accountUserId);
    expect(await participants.known([ghostUserId])).toContain(ghostUserId);
    expect([...(await participants.known(['@stranger:x']))]).toEqual([]);
  });
});

describe('a conversation', () => {
  function facts(more: Partial<ConversationFacts> = {}): ConversationFacts {
    return {
      conversation: newRef('CommunicationRequest'),
      careTeam: null,
      subject: null,
      encounter: null,
      parties: [],
      open: true,
      name: 'Neutral',
      versionAt: day(2),
      ...more,
    };
  }

  async function applied(more: Partial<ConversationFacts>): Promise<Conversation> {
    const one = facts(more);
    await conversations.apply(one);
    return (await conversations.find(one.conversation))!;
  }

  async function membersOf(conversation: Conversation, among?: Among): Promise<Record<string, string>> {
    const members = await conversations.members(conversation, among);
    return Object.fromEntries(members.map(({ participant, role }) => [participant.fhirRef, role]));
  }

  async function newTeam(...members: CareTeamFacts['members'][number][]): Promise<FhirRef> {
    const careTeam = newRef('CareTeam');
    await careTeams.apply({ ...team(careTeam, day(1)), members });
    return careTeam;
  }

  it('takes newer and equal versions, no older one, and keeps alias and Room', async () => {
    const first = await applied({});
    const roomId = RoomId.parse(`!${randomUUID()}`);
    await conversations.setRoom(first.conversation, roomId);
    const version = (number: number, name: string) =>
      conversations.apply(facts({ conversation: first.conversation, versionAt: day(number), name }));
    expect(await version(1, 'older')).toBe(false);
    expect(await version(2, 'equal')).toBe(true);
    expect(await version(3, 'newer')).toBe(true);
    expect(await conversations.ofRoom(roomId)).toEqual({
      ...first,
      name: 'newer',
      versionAt: day(3),
      roomId,
    });
  });

  it('is of everybody in the care teams that take part, with the role they have there', async () => {
    const [a, b] = [await newPerson(), await newPerson('Patient')];
    const careTeam = await newTeam({ person: a, role: 'lead' }, { person: b, role: 'patient' });
    const expected = { [a]: 'lead', [b]: 'patient' };
    expect(await membersOf(await applied({ careTeam, parties: [careTeam] }))).toEqual(expected);
    expect(await membersOf(await applied({ parties: [careTeam] }))).toEqual(expected);
  });

  it('is of those alone who are named, where its care team does not take part as a whole', async () => {
    const [a, b] = [await newPerson(), await newPerson()];
    const careTeam = await newTeam({ person: a, role: 'lead' }, { person: b, role: 'professional' });
    expect(await membersOf(await applied({ careTeam, parties: [a] }))).toEqual({ [a]: 'lead' });
  });

  it('loses who leaves the care team, though the conversation still names them', async () => {
    const [a, b] = [await newPerson(), await newPerson()];
    const careTeam = await newTeam({ person: a, role: 'lead' }, { person: b, role: 'professional' });
    const conversation = await applied({ careTeam, parties: [careTeam, a, b] });
    await careTeams.apply(team(careTeam, day(2), a));
    expect(await membersOf(conversation)).toEqual({ [a]: 'professional' });
  });

  it('is also of somebody named who never was in the care team', async () => {
    const [a, outsider] = [await newPerson(), await newPerson('Practitioner')];
    const careTeam = await newTeam({ person: a, role: 'lead' });
    expect(await membersOf(await applied({ careTeam, parties: [careTeam, outsider] }))).toEqual({
      [a]: 'lead',
      [outsider]: 'professional',
    });
  });

  it('tells of those alone who are asked for: by account, by ghost, by reference', async () => {
    const account = UserId.parse(`@${randomUUID()}:gp.example`);
    const [a, b] = [await newPerson('Practitioner', account), await newPerson('RelatedPerson')];
    const [gone, outsider] = [await newPerson(), await newPerson()];
    const careTeam = await newTeam({ person: a, role: 'lead' }, { person: b, role: 'related-person' });
    const left = await newTeam({ person: gone, role: 'professional' });
    await careTeams.apply(team(left, day(2)));
    const conversation = await applied({ careTeam, parties: [careTeam, left, gone, outsider] });
    const ghostOfB = (await participants.find(b))!.ghostUserId;
    const ghostOfOutsider = (await participants.find(outsider))!.ghostUserId;
    expect(await membersOf(conversation, { userIds: [account, UserId.parse('@stranger:x')] })).toEqual({
      [a]: 'lead',
    });
    expect(await membersOf(conversation, { userIds: [ghostOfB, ghostOfOutsider] })).toEqual({
      [b]: 'related-person',
      [outsider]: 'professional',
    });
    expect(await membersOf(conversation, { persons: [outsider, a, gone] })).toEqual({
      [a]: 'lead',
      [outsider]: 'professional',
    });
    expect(await membersOf(conversation, { userIds: [] })).toEqual({});
  });

  it('gives somebody in two of its teams the stronger of their roles', async () => {
    const person = await newPerson();
    const [one, two] = [
      await newTeam({ person, role: 'lead' }),
      await newTeam({ person, role: 'professional' }),
    ];
    expect(await membersOf(await applied({ careTeam: one, parties: [one, two] }))).toEqual({
      [person]: 'lead',
    });
    expect(await membersOf(await applied({ careTeam: two, parties: [two, one] }))).toEqual({
      [person]: 'lead',
    });
  });

  it('has another team beside its own', async () => {
    const [a, b, c] = [await newPerson(), await newPerson(), await newPerson()];
    const careTeam = await newTeam({ person: a, role: 'lead' }, { person: c, role: 'professional' });
    const other = await newTeam({ person: b, role: 'professional' });
    expect(await membersOf(await applied({ careTeam, parties: [a, other] }))).toEqual({
      [a]: 'lead',
      [b]: 'professional',
    });
  });

  it('is of those who are named where there is no care team, in the role of their kind', async () => {
    const [a, b] = [await newPerson('Practitioner'), await newPerson('RelatedPerson')];
    const unknown = newRef('Practitioner');
    expect(await membersOf(await applied({ parties: [a, b, unknown] }))).toEqual({
      [a]: 'professional',
      [b]: 'related-person',
    });
  });

  it('is found by every care team on which its members depend', async () => {
    const [own, party] = [await newTeam(), await newTeam()];
    const { conversation } = await applied({ careTeam: own, parties: [party] });
    expect(await conversations.involving(own)).toEqual([conversation]);
    expect(await conversations.involving(party)).toEqual([conversation]);
    expect(await conversations.involving(newRef('CareTeam'))).toEqual([]);
  });

  it('and a care team have the aliases that were handed out, and no other', async () => {
    const careTeam = await newTeam();
    const space = (await careTeams.find(careTeam))!;
    const room = await applied({});
    expect(await conversations.hasAlias(space.aliasLocalpart)).toBe(true);
    expect(await conversations.hasAlias(room.aliasLocalpart)).toBe(true);
    expect(await conversations.hasAlias('_fhir_bridge_none')).toBe(false);
  });
});

describe('a cursor', () => {
  it('goes forward only, for each type of each source alone', async () => {
    const source = randomUUID();
    await cursors.advance(source, 'CareTeam', day(2));
    await cursors.advance(source, 'Communication', day(5));
    await cursors.advance(source, 'CareTeam', day(1));
    expect(Object.fromEntries(await cursors.read(source))).toEqual({
      CareTeam: day(2),
      Communication: day(5),
    });
    await cursors.advance(source, 'CareTeam', day(3));
    expect((await cursors.read(source)).get('CareTeam')).toEqual(day(3));
    expect((await cursors.read(randomUUID())).size).toBe(0);
  });

  it('is the furthest of twenty that come at the same time', async () => {
    const source = randomUUID();
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => cursors.advance(source, 'CareTeam', day(20 - index))),
    );
    expect((await cursors.read(source)).get('CareTeam')).toEqual(day(20));
  });
});
