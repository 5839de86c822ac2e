import { UserId } from '@bridge/contracts';
import { powerIn, powerOfMaker } from './power-in-room';
import type { CurrentState } from './reconcile';

const maker = UserId.parse('@maker:care.example');
const bot = UserId.parse('@bot:care.example');

function room(
  version: string | undefined,
  levels?: Record<string, unknown>,
  more: object = {},
): CurrentState[] {
  const create = { ...(version ? { room_version: version } : {}), ...more };
  return [
    { type: 'm.room.create', state_key: '', sender: maker, content: create },
    ...(levels ? [{ type: 'm.room.power_levels', state_key: '', sender: maker, content: levels }] : []),
  ];
}

it('who makes a room may do everything in it, and stands above all levels from version 12 on', () => {
  for (const [version, creators] of [
    ['11', []],
    ['12', [bot]],
  ] as const) {
    const power = powerOfMaker(bot, version);
    expect(power).toMatchObject({
      level: Infinity,
      creators,
      mayInvite: true,
      mayKick: true,
      maySpeak: true,
    });
    expect(power.may('m.room.name')).toBe(true);
  }
});

describe('the makers of a room', () => {
  it.each([undefined, '1', '11', 'org.example.custom'])(
    'have the level they are given up to version 11: %s',
    (version) => {
      const power = powerIn(room(version, { users: { [maker]: 50 } }), maker);
      expect(power).toMatchObject({ level: 50, creators: [] });
    },
  );

  it('stand above all levels from version 12 on, with those whom they made so', () => {
    const state = room('12', { users: {} }, { additional_creators: [bot, 'nobody', 7] });
    expect(powerIn(state, maker)).toMatchObject({ level: Infinity, creators: [maker, bot] });
    expect(powerIn(state, bot).level).toBe(Infinity);
    expect(powerIn(room('12', {}), bot).level).toBe(0);
  });
});

describe('what somebody may do', () => {
  const levels = {
    users: { [bot]: 60, [maker]: 100, '@equal:x': 60 },
    users_default: 5,
    state_default: 61,
    events: { 'm.room.name': 60, 'm.room.topic': 61 },
    invite: 60,
    kick: 61,
    events_default: 61,
  };

  it('goes by the levels of the room', () => {
    const power = powerIn(room('11', levels), bot);
    expect(power).toMatchObject({ level: 60, mayInvite: true, mayKick: false, maySpeak: false });
    expect(power.may('m.room.name')).toBe(true);
    expect(power.may('m.room.topic')).toBe(false);
    expect(power.may('m.room.retention')).toBe(false);
    expect(powerIn(room('11', levels), UserId.parse('@other:x')).level).toBe(5);
  });

  it('leaves what stands above them as it is: people at their own level, kinds of events above it', () => {
    expect(powerIn(room('11', levels), bot).fixed).toEqual({
      users: { [maker]: 100, '@equal:x': 60 },
      events: { 'm.room.topic': 61 },
    });
  });

  it('goes by the defaults of the specification where the levels say nothing', () => {
    const power = powerIn(room('11', { users: { [bot]: 49 } }), bot);
    expect(power.may('m.room.name')).toBe(false);
    expect(power).toMatchObject({ mayInvite: true, mayKick: false, maySpeak: true });
  });

  it('is everything for the maker and state for all in a room without levels', () => {
    expect(powerIn(room('11'), maker).level).toBe(100);
    const power = powerIn(room('11'), bot);
    expect(power.level).toBe(0);
    expect(power.may('m.room.name')).toBe(true);
  });

  it('is not changed by levels that are no numbers', () => {
    const power = powerIn(room('11', { users: { [bot]: '100' }, events: [], state_default: null }), bot);
    expect(power.level).toBe(0);
    expect(power.may('m.room.name')).toBe(false);
  });
});
