import { checkFederationInvite, checkMembership, checkTransaction } from './federation-events';
import { testGuard } from './test-guard';

const guard = testGuard({ listed: ['a.example', 'b.example'], refusing: ['@shy:own.example'] });
const check = (body: object, origin = 'a.example') => checkTransaction(body as never, origin, guard);
const message = (sender: unknown) => ({ type: 'm.room.message', sender, content: {} });
const member = (state_key: string, membership: string) => ({
  type: 'm.room.member',
  sender: '@x:a.example',
  state_key,
  content: { membership },
});
const edu = (edu_type: string, content: object) => ({ edus: [{ edu_type, content }] });

describe('a transaction', () => {
  it.each([
    ['with nothing', {}],
    [
      'with messages of people in the list and here',
      { pdus: [message('@x:a.example'), message('@y:b.example'), message('@z:own.example')] },
    ],
    [
      'in which somebody outside is removed',
      { pdus: [member('@gone:evil.example', 'leave'), member('@gone:evil.example', 'ban')] },
    ],
    ['with a receipt', edu('m.receipt', { '!r': { 'm.read': { '@x:a.example': { event_ids: [] } } } })],
    ['with something of tomorrow', edu('org.example.new', { user_id: '@x:evil.example' })],
  ])('%s is let through', async (_what, body) => {
    await expect(check(body)).resolves.toBeUndefined();
  });

  it.each([
    ['a message of somebody outside', { pdus: [message('@x:a.example'), message('@x:evil.example')] }],
    ['a message of nobody', { pdus: [message(undefined)] }],
    ['an invite of somebody outside', { pdus: [member('@x:evil.example', 'invite')] }],
    ['a join of somebody outside', { pdus: [member('@x:evil.example', 'join')] }],
    ['typing of somebody outside', edu('m.typing', { user_id: '@x:evil.example' })],
    ['devices of somebody outside', edu('m.device_list_update', { user_id: '@x:evil.example' })],
    ['keys of somebody outside', edu('m.signing_key_update', { user_id: '@x:evil.example' })],
    ['a to-device message of somebody outside', edu('m.direct_to_device', { sender: '@x:evil.example' })],
    ['presence of somebody outside', edu('m.presence', { push: [{ user_id: '@x:evil.example' }] })],
    ['a receipt of somebody outside', edu('m.receipt', { '!r': { 'm.read': { '@x:evil.example': {} } } })],
    [
      'keys of somebody outside by their former name',
      edu('org.matrix.signing_key_update', { user_id: '@x:evil.example' }),
    ],
    ['the name of another homeserver', { origin: 'b.example' }],
  ])('with %s is refused whole', async (_what, body) => {
    await expect(check(body)).rejects.toMatchObject({ status: 403, errcode: 'M_FORBIDDEN' });
  });

  it.each([
    [{ pdus: {} }],
    [{ pdus: ['x'] }],
    [{ edus: [{ edu_type: 'm.typing' }] }],
    [edu('m.receipt', { '!r': 1 })],
  ])('that is %j is none', async (body) => {
    await expect(check(body)).rejects.toMatchObject({ status: 400, errcode: 'M_BAD_JSON' });
  });
});

it('tells a homeserver that has another list from one that is in none', async () => {
  await expect(check({ pdus: [member('@x:evil.example', 'join')] })).rejects.toMatchObject({
    rule: 'foreign-event',
  });
});

describe('a coming or going of another homeserver', () => {
  const event = (sender: unknown, state_key: unknown = sender, type = 'm.room.member') => ({
    type,
    sender,
    state_key,
    content: { membership: 'join' },
  });

  it('is of somebody of that homeserver', () => {
    expect(() => checkMembership(event('@x:a.example'), 'a.example')).not.toThrow();
  });

  it.each([
    ['of somebody of another one', event('@x:b.example'), 403],
    ['of somebody outside of the list', event('@x:evil.example'), 403],
    ['of somebody here', event('@me:own.example'), 403],
    ['about somebody else', event('@x:a.example', '@y:a.example'), 403],
    ['of nobody', event(undefined), 403],
    ['that is something else', event('@x:a.example', '@x:a.example', 'm.room.message'), 400],
    ['that is no event', undefined, 400],
  ])('%s is refused', (_what, given, status) => {
    expect(() => checkMembership(given, 'a.example')).toThrow(expect.objectContaining({ status }) as Error);
  });
});

describe('an invite of another homeserver', () => {
  const invite = (sender: string, state_key: unknown, membership = 'invite') => ({
    type: 'm.room.member',
    sender,
    state_key,
    content: { membership },
  });

  it('is let through for somebody here', async () => {
    await expect(
      checkFederationInvite(invite('@x:a.example', '@me:own.example'), 'a.example', guard),
    ).resolves.toBeUndefined();
  });

  it.each([
    ['of a third homeserver', invite('@x:b.example', '@me:own.example'), 403],
    ['of a name that only ends alike', invite('@x:evil:a.example', '@me:own.example'), 403],
    ['for somebody elsewhere', invite('@x:a.example', '@y:b.example'), 403],
    ['for nobody', invite('@x:a.example', 7), 403],
    ['for somebody who does not let them', invite('@x:a.example', '@shy:own.example'), 403],
    ['that is none', invite('@x:a.example', '@me:own.example', 'join'), 400],
    ['that is no event', 'x', 400],
  ])('%s is refused', async (_what, event, status) => {
    await expect(checkFederationInvite(event, 'a.example', guard)).rejects.toMatchObject({ status });
  });
});
