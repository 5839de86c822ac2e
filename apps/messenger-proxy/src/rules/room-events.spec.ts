import type { RoomRules } from './create-room';
import { checkInvite, checkPresence, checkRedaction, checkSend, checkState } from './room-events';
import { testGuard } from './test-guard';

const guard = testGuard({ listed: ['partner.example'], refusing: ['@shy:own.example'] });
const me = '@me:own.example';
const tim: RoomRules = { versions: [], invites: 1, publicRoomsStayHere: true, forbiddenTypes: [] };
const open: RoomRules = { ...tim, publicRoomsStayHere: false };

describe('an invite', () => {
  it.each(['@a:partner.example', '@open:own.example'])('of %s is let through', async (user_id) => {
    await expect(checkInvite({ user_id }, me, guard)).resolves.toBeUndefined();
  });

  it.each([
    [{ user_id: '@a:evil.example' }, 403, 'M_FORBIDDEN'],
    [{ user_id: '@shy:own.example' }, 403, 'M_FORBIDDEN'],
    [{ user_id: 'nobody' }, 403, 'M_FORBIDDEN'],
    [{ medium: 'email', address: 'a@b.example', id_server: 'c.example' }, 403, 'M_FORBIDDEN'],
    [{}, 400, 'M_MISSING_PARAM'],
    [{ user_id: ['@a:partner.example'] }, 400, 'M_MISSING_PARAM'],
  ])('with %j is refused with %d %s', async (body, status, errcode) => {
    await expect(checkInvite(body, me, guard)).rejects.toMatchObject({ status, errcode });
  });
});

describe('a state event', () => {
  const check = (type: string, stateKey: string, body: object, rules = tim) =>
    checkState({ type, stateKey, body: body as never }, me, rules, guard);

  it.each([
    ['m.room.member', '@a:evil.example', { membership: 'invite' }],
    ['m.room.member', '@shy:own.example', { membership: 'invite' }],
    ['m.room.member', '@shy:own.example', {}],
    ['m.room.third_party_invite', 'token', { display_name: 'a@b.example' }],
  ])('%s for %s cannot invite whom an invite could not', async (type, stateKey, body) => {
    await expect(check(type, stateKey, body)).rejects.toMatchObject({ status: 403 });
  });

  it.each([
    ['m.room.member', '@a:evil.example', { membership: 'leave' }],
    ['m.room.member', '@a:evil.example', { membership: 'ban' }],
    ['m.room.member', me, { membership: 'join' }],
    ['m.room.member', '@a:partner.example', { membership: 'invite' }],
    ['m.room.topic', '', { topic: 'x' }],
    ['m.room.join_rules', '', { join_rule: 'invite' }],
  ])('%s for %s with %j is let through', async (type, stateKey, body) => {
    await expect(check(type, stateKey, body)).resolves.toBeUndefined();
  });

  it('cannot make a room public (A_28271), where that is a rule', async () => {
    const body = { join_rule: 'public' };
    await expect(check('m.room.join_rules', '', body)).rejects.toMatchObject({
      errcode: 'M_INVALID_ROOM_STATE',
    });
    await expect(check('m.room.join_rules', '', body, open)).resolves.toBeUndefined();
  });
});

describe('a message', () => {
  it.each(['👍', '👩🏽‍⚕️', '🇳🇱', '1️⃣'])('may be a reaction with %s', (key) => {
    expect(() =>
      checkSend('m.reaction', { 'm.relates_to': { rel_type: 'm.annotation', key } }),
    ).not.toThrow();
  });

  it.each([
    [{ rel_type: 'm.annotation', key: '👍👍' }],
    [{ rel_type: 'm.annotation', key: 'text' }],
    [{ rel_type: 'm.annotation', key: '' }],
    [{ rel_type: 'm.annotation' }],
    [{ rel_type: 'm.reference', key: '👍' }],
  ])('may not be a reaction with %j', (relation) => {
    expect(() => checkSend('m.reaction', { 'm.relates_to': relation })).toThrow('one emoji');
  });

  it('may not be in a thread, and anything else may be', () => {
    expect(() => checkSend('m.room.message', { 'm.relates_to': { rel_type: 'm.thread' } })).toThrow(
      'Threads',
    );
    expect(() => checkSend('m.room.message', { body: 'x', 'm.relates_to': 'nonsense' })).not.toThrow();
  });
});

it('a status has 250 characters at most', () => {
  expect(() => checkPresence({ status_msg: 'x'.repeat(250) })).not.toThrow();
  expect(() => checkPresence({ status_msg: 'x'.repeat(251) })).toThrow('250');
});

it('a message can be redacted for a day (A_28358)', () => {
  const day = 24 * 3_600_000;
  expect(() => checkRedaction(0, day, day)).not.toThrow();
  expect(() => checkRedaction(0, day + 1, day)).toThrow('too old');
  expect(() => checkRedaction(undefined, 0, day)).toThrow('too old');
});
