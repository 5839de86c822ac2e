import { type RoomRules, checkCreateRoom, checkUpgrade } from './create-room';
import { testGuard } from './test-guard';

const open: RoomRules = { versions: [], invites: Infinity, publicRoomsStayHere: false, forbiddenTypes: [] };
const tim: RoomRules = {
  versions: ['10', '9'],
  invites: 1,
  publicRoomsStayHere: true,
  forbiddenTypes: ['forbidden.type'],
};
const me = '@me:own.example';
const guard = testGuard({ listed: ['partner.example'], refusing: ['@shy:own.example'] });
const make = (body: object, rules = tim) => checkCreateRoom(body as never, me, rules, guard);

describe('a new room', () => {
  it.each([
    ['with somebody of the list', { room_version: '10', invite: ['@a:partner.example'] }],
    ['with somebody here who lets us', { room_version: '10', invite: ['@open:own.example'] }],
    ['of the other version', { room_version: '9' }],
    [
      'that is public and stays here',
      { room_version: '10', preset: 'public_chat', creation_content: { 'm.federate': false } },
    ],
  ])('%s is made as it was asked for', async (_what, body) => {
    expect(await make(body)).toBeUndefined();
  });

  it.each([
    ['somebody outside of the list', { invite: ['@a:evil.example'] }, 'not-listed'],
    ['somebody who does not let us', { invite: ['@shy:own.example'] }, 'invite-not-allowed'],
    ['two at once', { invite: ['@a:partner.example', '@b:partner.example'] }, 'invites-at-once'],
    ['something that is no id', { invite: [{ a: 1 }] }, 'not-listed'],
    ['an e-mail address', { invite_3pid: [{ medium: 'email', address: 'a@b.example' }] }, 'invite-3pid'],
    [
      'an e-mail address by a state event',
      { initial_state: [{ type: 'm.room.third_party_invite', state_key: 'token', content: {} }] },
      'invite-3pid',
    ],
    [
      'somebody by a state event',
      {
        initial_state: [
          { type: 'm.room.member', state_key: '@a:evil.example', content: { membership: 'invite' } },
        ],
      },
      'not-listed',
    ],
    [
      'one and another one by a state event',
      {
        invite: ['@a:partner.example'],
        initial_state: [{ type: 'm.room.member', state_key: '@b:partner.example', content: {} }],
      },
      'invites-at-once',
    ],
  ])('is refused with %s', async (_what, body, rule) => {
    await expect(make(body)).rejects.toMatchObject({ rule, status: 403, errcode: 'M_FORBIDDEN' });
  });

  it.each([
    ['of another version', { room_version: '11' }, 'M_UNSUPPORTED_ROOM_VERSION'],
    ['of a version that is no text', { room_version: 10 }, 'M_UNSUPPORTED_ROOM_VERSION'],
    ['of a forbidden type', { creation_content: { type: 'forbidden.type' } }, 'M_BAD_JSON'],
    ['whose invites are no list', { invite: '@a:partner.example' }, 'M_BAD_JSON'],
    ['whose creation_content is no object', { creation_content: [] }, 'M_BAD_JSON'],
  ])('is refused %s', async (_what, body, errcode) => {
    await expect(make(body)).rejects.toMatchObject({ status: 400, errcode });
  });

  it('gets the first version where it asks for none, and keeps what nobody here knows', async () => {
    expect(await make({ name: 'x', 'org.example': { a: [1] } })).toEqual({
      name: 'x',
      'org.example': { a: [1] },
      room_version: '10',
    });
  });

  it.each([
    ['by its preset', { preset: 'public_chat' }],
    ['by its visibility', { visibility: 'public' }],
    [
      'by a state event',
      { initial_state: [{ type: 'm.room.join_rules', content: { join_rule: 'public' } }] },
    ],
  ])('that is public %s stays in its homeserver', async (_how, body) => {
    const changed = await make({ ...body, room_version: '10', creation_content: { type: 'm.space' } });
    expect(changed).toEqual({
      ...body,
      room_version: '10',
      creation_content: { type: 'm.space', 'm.federate': false },
    });
  });

  it('may be anything else where only the list counts', async () => {
    const body = {
      invite: ['@a:partner.example', '@b:partner.example'],
      room_version: '12',
      preset: 'public_chat',
    };
    expect(await make(body, open)).toBeUndefined();
    await expect(make({ invite: ['@a:evil.example'] }, open)).rejects.toMatchObject({ rule: 'not-listed' });
  });
});

describe('an upgrade of a room', () => {
  it('goes to the versions that may be made', () => {
    expect(() => checkUpgrade({ new_version: '9' }, tim)).not.toThrow();
    expect(() => checkUpgrade({ new_version: '11' }, tim)).toThrow('version');
    expect(() => checkUpgrade({}, tim)).toThrow('version');
    expect(() => checkUpgrade({ new_version: '12' }, open)).not.toThrow();
  });
});
