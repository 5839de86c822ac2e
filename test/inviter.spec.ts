import { FhirRef, type MessageOf, RoomId, TransientError, UserId } from '@bridge/contracts';
import { Homeserver, MatrixRefusal, Members, Rooms } from '@bridge/matrix';
import type { RoomMembershipStore, Sealer } from '@bridge/persistence';
import type { QueuePublisher } from '@bridge/queue';
import { FaultServer } from './support/fault-server';
import type { Disclosures } from '../apps/room-manager/src/disclosures';
import type { ContainerPlaces } from '../apps/room-manager/src/container-places';
import { Inviter } from '../apps/room-manager/src/inviter';
import { LateInvites } from '../apps/room-manager/src/late-invites';
import type { ManagerConfig } from '../apps/room-manager/src/manager-config';
import { PartnerServers } from '../apps/room-manager/src/partner-servers';

const invitation = (userId: string) => ({
  kind: 'room' as const,
  container: FhirRef.parse('CommunicationRequest/c'),
  roomId: RoomId.parse('!room'),
  userId: UserId.parse(userId),
  sealedSubject: null,
});
const elsewhere = invitation('@gp:gp.example');

let server: FaultServer;
let homeserver: Homeserver;
let queued: { kind: string; key: string; command: MessageOf<'command.invite'> }[];
let inviter: Inviter;

beforeEach(async () => {
  server = await FaultServer.start();
  homeserver = new Homeserver({ url: server.url, asToken: 't', requestTimeoutMs: 5_000 });
  queued = [];
  inviter = new Inviter(
    new Rooms(homeserver),
    new Members(homeserver),
    new PartnerServers(),
    { note: async () => undefined } as unknown as RoomMembershipStore,
    {} as Sealer,
    {
      publish: async (kind: string, key: string, command: MessageOf<'command.invite'>) =>
        queued.push({ kind, key, command }),
    } as unknown as QueuePublisher,
    {} as Disclosures,
    { serverName: 'care.example' } as ManagerConfig,
  );
});

afterEach(async () => {
  await homeserver.onApplicationShutdown();
  await server.stop();
});

it.each([
  ['502, as for a partner that is away or limits its rate', { status: 502, body: '{"errcode":"M_UNKNOWN"}' }],
  ['429', { status: 429, body: '{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":60000}' }],
  ['nothing in time', { hang: true } as const],
])(
  'an invite that is answered with %s goes to the background, by the server it is for',
  async (_words, fault) => {
    server.fault = fault;
    await inviter.inviteOrQueue(elsewhere);
    expect(queued).toMatchObject([{ kind: 'command.invite', key: 'gp.example' }]);
  },
  10_000,
);

it('a partner that could not be reached is left alone for a while, and our own homeserver with it', async () => {
  server.fault = { status: 502, body: '{}' };
  await inviter.inviteOrQueue(elsewhere);
  await inviter.inviteOrQueue(invitation('@pharmacist:gp.example'));
  expect(server.seen).toHaveLength(1);
  expect(queued).toHaveLength(2);
  await expect(inviter.invite(elsewhere)).rejects.toMatchObject({
    failureClass: 'partner-away',
    retryAfterMs: expect.any(Number) as number,
  });
  server.fault = {};
  await inviter.inviteOrQueue(invitation('@nurse:other.example'));
  await inviter.inviteOrQueue(invitation('@nurse:care.example'));
  const asked = server.seen.slice(1).map(({ method, target }) => `${method} ${target.split('/')[4]}`);
  expect(asked).toEqual(['GET profile', 'PUT rooms', 'PUT rooms']);
  expect(queued).toHaveLength(2);
});

it('a partner is looked for before it is let near a Room, and not again within a moment', async () => {
  server.fault = { status: 502, body: '{}' };
  await inviter.inviteOrQueue(elsewhere);
  expect(server.last.target).toContain('/profile/');
  server.fault = {};
  const other = (name: string) => invitation(`@${name}:other.example`);
  for (const name of ['a', 'b', 'c']) await inviter.invite(other(name));
  expect(server.seen.filter(({ target }) => target.includes('/profile/'))).toHaveLength(2);
});

it('somebody who was put out is invited in a moment, when their homeserver has heard of that; ours knows', async () => {
  const before = Date.now();
  const putOut = { reason: 'You belong here.', putOutAt: before };
  await inviter.inviteOrQueue({ ...elsewhere, ...putOut });
  await inviter.inviteOrQueue({ ...invitation('@nurse:care.example'), ...putOut });
  expect(server.seen.map(({ method, target }) => `${method} ${target.split('/')[4]}`)).toEqual(['PUT rooms']);
  const { command } = queued[0]!;
  expect(command.reason).toBe('You belong here.');
  expect(Date.parse(command.notBefore!) - before).toBeGreaterThanOrEqual(2_000);
});

it('an invite that waits for its time is made then, with its reason', async () => {
  const invited: { at: number; reason?: string }[] = [];
  const place = { ...elsewhere, members: [{ participant: { accountUserId: elsewhere.userId } }] };
  const late = new LateInvites(
    { find: async () => place } as unknown as ContainerPlaces,
    {
      invite: async ({ reason }: { reason?: string }) => invited.push({ at: Date.now(), reason }),
    } as unknown as Inviter,
    { current: async () => undefined } as unknown as Members,
    {} as ManagerConfig,
  );
  const notBefore = Date.now() + 200;
  const { kind, container, userId } = elsewhere;
  await late.invite({
    ...{ kind, container, userId, reason: 'You belong here.' },
    notBefore: new Date(notBefore).toISOString(),
  });
  expect(invited).toEqual([{ at: expect.any(Number) as number, reason: 'You belong here.' }]);
  expect(invited[0]!.at).toBeGreaterThanOrEqual(notBefore - 1);
});

it('our own homeserver that fails is nobody else’s fault', async () => {
  server.fault = { status: 502, body: '{}' };
  for (let times = 0; times < 2; times += 1)
    await expect(inviter.invite(invitation('@nurse:care.example'))).rejects.toBeInstanceOf(TransientError);
  expect(server.seen).toHaveLength(2);
});

it('a refusal goes to the background too, where it becomes a dead letter, and is no reason to wait', async () => {
  server.fault = { status: 403, body: '{"errcode":"M_FORBIDDEN"}' };
  await inviter.inviteOrQueue(elsewhere);
  expect(queued).toHaveLength(1);
  await expect(inviter.invite(elsewhere)).rejects.toBeInstanceOf(MatrixRefusal);
});

describe('a partner that stays away', () => {
  beforeEach(
    () => void jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'setImmediate', 'setTimeout'] }),
  );
  afterEach(() => void jest.useRealTimers());

  const waitOf = (partners: PartnerServers) => {
    try {
      partners.check('gp.example');
      return 0;
    } catch (error) {
      return (error as TransientError).retryAfterMs;
    }
  };

  it('is left alone longer each time, up to half a minute, until it is reached', () => {
    const partners = new PartnerServers();
    const waits = Array.from({ length: 8 }, () => (partners.failed('gp.example'), waitOf(partners)));
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    jest.setSystemTime(30_000);
    expect(waitOf(partners)).toBe(0);
    partners.reached('gp.example');
    partners.failed('gp.example');
    expect(waitOf(partners)).toBe(1_000);
  });
});
