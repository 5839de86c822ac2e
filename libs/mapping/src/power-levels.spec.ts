import { CareTeamRole, UserId } from '@bridge/contracts';
import { Power, powerOfMaker } from './power-in-room';
import { roomPowerLevels, spacePowerLevels } from './power-levels';

const roles: CareTeamRole[] = ['lead', 'professional', 'related-person', 'patient'];
const levels = { lead: 100, professional: 75, 'related-person': 50, patient: 25 };
const bot = UserId.parse('@_fhir_bridge_bot:care.example');
const idOf = (role: CareTeamRole) => UserId.parse(`@${role}:care.example`);
const members = roles.map((role) => ({ userId: idOf(role), role }));

function input(roomVersion: string, of = levels) {
  return { levels: of, bot, members, power: powerOfMaker(bot, roomVersion) };
}

/** Whom the homeserver lets send a message: Matrix authorisation rules, "m.room.power_levels". */
function mayPost(content: ReturnType<typeof roomPowerLevels>): string[] {
  const senders = [...members.map(({ userId }) => userId), bot, '@stranger:other.example'];
  return senders.filter(
    (userId) => (content.users[userId] ?? content.users_default) >= content.events_default,
  );
}

describe('members', () => {
  it.each(roles)('have the level of their role in Space and Room: %s', (role) => {
    for (const content of [spacePowerLevels(input('11')), roomPowerLevels(input('11'), true)])
      expect(content.users[idOf(role)]).toBe(levels[role]);
  });
});

describe('the bot', () => {
  it('stands above a lead, who could not be demoted or removed otherwise, up to room version 11', () => {
    for (const version of ['1', '9', '10', '11']) {
      expect(spacePowerLevels(input(version)).users[bot]).toBeGreaterThan(levels.lead);
      expect(roomPowerLevels(input(version), true).users[bot]).toBeGreaterThan(levels.lead);
    }
  });

  it('stands above leads who are given more than 100, and above 100 where they are given less', () => {
    expect(spacePowerLevels(input('11', { ...levels, lead: 150 })).users[bot]).toBeGreaterThan(150);
    expect(spacePowerLevels(input('11', { ...levels, lead: 90 })).users[bot]).toBeGreaterThan(100);
  });

  it('is not listed from room version 12 on, where the homeserver refuses to have its creator listed', () => {
    expect(Object.keys(spacePowerLevels(input('12')).users)).toEqual(members.map(({ userId }) => userId));
    expect(roomPowerLevels(input('13'), true).users).not.toHaveProperty([bot]);
  });
});

describe('a Room', () => {
  it('lets every member post while it is open, and no stranger', () => {
    expect(mayPost(roomPowerLevels(input('11'), true))).toEqual([
      ...members.map(({ userId }) => userId),
      bot,
    ]);
  });

  it.each([levels, { ...levels, lead: 150 }])(
    'lets nobody of any role post when it is closed, but the bot',
    (of) => {
      expect(mayPost(roomPowerLevels(input('11', of), false))).toEqual([bot]);
      expect(mayPost(roomPowerLevels(input('12', of), false))).toEqual([]);
    },
  );

  it('has the levels of the specification', () => {
    expect(roomPowerLevels(input('11'), true)).toMatchObject({
      users_default: 0,
      events_default: 25,
      invite: 50,
      redact: 50,
      state_default: 75,
      events: { 'm.room.name': 75, 'm.room.topic': 75 },
    });
  });
});

it('a Space has the levels of the specification, and nobody talks in it', () => {
  const content = spacePowerLevels(input('11'));
  expect(content).toMatchObject({
    users_default: 0,
    invite: 75,
    state_default: 100,
    events: { 'm.space.child': 50 },
  });
  expect(content.events_default).toBeGreaterThan(levels.professional);
});

describe('in a room that somebody else made', () => {
  const maker = UserId.parse('@professional:care.example');
  const power: Power = {
    ...powerOfMaker(maker, '12'),
    level: 100,
    fixed: { users: { '@other:care.example': 100 }, events: { 'm.room.tombstone': 150 } },
  };
  const content = roomPowerLevels({ ...input('12'), power }, false);

  it('the bot gives nobody more than it has itself', () => {
    expect(content.users[bot]).toBe(100);
    expect(content.events_default).toBe(100);
    expect(content.events['m.room.encryption']).toBe(100);
  });

  it('the makers are not listed, and what the bot cannot change stays', () => {
    expect(content.users).not.toHaveProperty([maker]);
    expect(content.users).toHaveProperty(['@other:care.example'], 100);
    expect(content.events['m.room.tombstone']).toBe(150);
  });
});

it('only a lead may replace a Space or Room by another', () => {
  expect(spacePowerLevels(input('12')).events['m.room.tombstone']).toBe(100);
  expect(roomPowerLevels(input('12'), true).events['m.room.tombstone']).toBe(100);
});
