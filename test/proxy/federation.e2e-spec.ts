import { generateKeyPairSync } from 'node:crypto';
import { Agent, request } from 'undici';
import { federationRoutes } from '../../apps/messenger-proxy/src/routes/federation-routes';
import { until } from '../../deploy/local/src/until';
import { type FederationCall, type HomeserverKey, keyOf, signerWith, xMatrixOf } from './homeserver-key';
import { type Party, type ProxiedFederation, startProxiedFederation } from './proxied-federation';

let federation: ProxiedFederation;
let agent: Agent;

beforeAll(async () => {
  federation = await startProxiedFederation({ PROXY_INVITES: 'permissions' });
  agent = new Agent({ connect: { ca: federation.authorityPem } });
}, 120_000);

afterAll(async () => {
  await agent?.close();
  await federation?.stop();
}, 60_000);

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A call of somebody to their own homeserver, by its proxy. */
async function as(
  party: Party,
  method: 'GET' | 'PUT' | 'POST',
  path: string,
  content?: object,
): Promise<Answer> {
  const { statusCode, body } = await request(`${party.publicUrl}${path}`, {
    method,
    dispatcher: agent,
    headers: { authorization: `Bearer ${party.person.accessToken}`, 'content-type': 'application/json' },
    body: content && JSON.stringify(content),
  });
  return { status: statusCode, body: (await body.json()) as Record<string, unknown> };
}

async function newRoom(party: Party, more: object = {}): Promise<string> {
  const { status, body } = await as(party, 'POST', '/_matrix/client/v3/createRoom', { name: 'x', ...more });
  expect(status).toBe(200);
  return body.room_id as string;
}

const pathOf = (roomId: string, rest: string): string =>
  `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/${rest}`;

async function invited(party: Party, roomId: string): Promise<boolean> {
  const { body } = await as(party, 'GET', '/_matrix/client/v3/sync');
  const rooms = (body.rooms ?? {}) as { invite?: Record<string, unknown> };
  return rooms.invite?.[roomId] !== undefined;
}

/** A call that is signed as a homeserver signs its calls. */
async function signedCall(
  to: Party,
  { sign: signWith, ...call }: Omit<FederationCall, 'destination'> & { sign: HomeserverKey['sign'] },
): Promise<Answer> {
  const { method, path, content } = call;
  const key = { id: 'ed25519:a_key', sign: signWith };
  const { statusCode, body } = await request(`${to.publicUrl}${path}`, {
    method: method as 'GET',
    dispatcher: agent,
    headers: {
      authorization: xMatrixOf({ ...call, destination: to.serverName }, key),
      ...(content && { 'content-type': 'application/json' }),
    },
    body: content && JSON.stringify(content),
  });
  return { status: statusCode, body: (await body.json()) as Record<string, unknown> };
}

describe('homeservers of the list', () => {
  it('invite, join and talk, each by two proxies', async () => {
    const { vvt, huisarts } = federation.parties;
    const roomId = await newRoom(vvt);
    expect(
      await as(vvt, 'POST', pathOf(roomId, 'invite'), { user_id: huisarts.person.userId }),
    ).toMatchObject({ status: 200 });
    await until('the invite', () => invited(huisarts, roomId));
    expect(await as(huisarts, 'POST', pathOf(roomId, 'join'), {})).toMatchObject({ status: 200 });
    const said = await as(huisarts, 'PUT', pathOf(roomId, 'send/m.room.message/1'), {
      msgtype: 'm.text',
      body: 'hello',
    });
    const event = pathOf(roomId, `event/${encodeURIComponent(said.body.event_id as string)}`);
    await until('the message', async () => (await as(vvt, 'GET', event)).status === 200);
  });

  it('know each other’s profiles', async () => {
    const { vvt, huisarts } = federation.parties;
    const path = `/_matrix/client/v3/profile/${encodeURIComponent(huisarts.person.userId)}`;
    expect(await as(vvt, 'GET', path)).toMatchObject({ status: 200 });
  });
});

describe('a homeserver outside of the list', () => {
  it('invites nobody', async () => {
    const { vvt, stranger } = federation.parties;
    const roomId = await newRoom(stranger);
    const answer = await as(stranger, 'POST', pathOf(roomId, 'invite'), { user_id: vvt.person.userId });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await invited(vvt, roomId)).toBe(false);
  });

  it.each([
    ['an invite', 'POST', 'rooms/{room}/invite', (id: string) => ({ user_id: id })],
    ['an invite with a transaction', 'PUT', 'rooms/{room}/invite/1', (id: string) => ({ user_id: id })],
    ['a state event', 'PUT', 'rooms/{room}/state/m.room.member/{user}', () => ({ membership: 'invite' })],
    ['a new room', 'POST', 'createRoom', (id: string) => ({ invite: [id] })],
    ['a new room with a transaction', 'PUT', 'createRoom/1', (id: string) => ({ invite: [id] })],
    [
      'a state event of a new room',
      'POST',
      'createRoom',
      (id: string) => ({
        initial_state: [{ type: 'm.room.member', state_key: id, content: { membership: 'invite' } }],
      }),
    ],
  ] as const)('cannot be invited by %s, in no version of the API', async (_how, method, path, content) => {
    const { vvt, stranger } = federation.parties;
    const roomId = await newRoom(vvt);
    const id = stranger.person.userId;
    const place = path
      .replace('{room}', encodeURIComponent(roomId))
      .replace('{user}', encodeURIComponent(id));
    for (const version of ['v3', 'r0', 'api/v1', 'unstable', 'unstable/org.example.any']) {
      const answer = await as(vvt, method, `/_matrix/client/${version}/${place}`, content(id));
      expect({ version, ...answer }).toMatchObject({
        version,
        status: 403,
        body: { errcode: 'M_FORBIDDEN' },
      });
    }
  });

  it.each(
    federationRoutes().filter(
      ({ rule }) => !['forward', 'notary', 'media', 'refuse-public-rooms'].includes(rule),
    ),
  )('is not let in at $method $path', async ({ method, path }) => {
    const { vvt, stranger } = federation.parties;
    const place = path.replace(/\{[^}]*\}/g, 'x');
    const content = method === 'GET' ? undefined : {};
    const answer = await signedCall(vvt, {
      origin: stranger.serverName,
      sign: keyOf(stranger).sign,
      method,
      path: place,
      content,
    });
    expect(answer).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  });

  it('is not reached: neither its rooms, nor its people, nor its files, nor its keys', async () => {
    const { vvt, stranger } = federation.parties;
    const roomId = await newRoom(stranger, { preset: 'public_chat' });
    const join = `/_matrix/client/v3/join/${encodeURIComponent(roomId)}?server_name=${stranger.serverName}&via=${stranger.serverName}`;
    expect((await as(vvt, 'POST', join, {})).status).toBeGreaterThanOrEqual(400);
    const profile = `/_matrix/client/v3/profile/${encodeURIComponent(stranger.person.userId)}`;
    expect((await as(vvt, 'GET', profile)).status).toBeGreaterThanOrEqual(400);
    const media = `/_matrix/client/v1/media/download/${stranger.serverName}/abc`;
    expect(await as(vvt, 'GET', media)).toMatchObject({ status: 403 });
    const keys = `/_matrix/key/v2/query/${stranger.serverName}`;
    expect(await as(vvt, 'GET', keys)).toMatchObject({ status: 403 });
  });
});

describe('a signature', () => {
  it('of another key is refused, though the homeserver is in the list', async () => {
    const { vvt, huisarts } = federation.parties;
    const { privateKey } = generateKeyPairSync('ed25519');
    const forged = signerWith(privateKey);
    const call = { origin: huisarts.serverName, method: 'GET', path: '/_matrix/federation/v1/version' };
    expect(await signedCall(vvt, { ...call, sign: forged })).toMatchObject({
      status: 401,
      body: { errcode: 'M_UNAUTHORIZED' },
    });
  });
});

describe('somebody who lets nobody invite them', () => {
  const setting = { defaultSetting: 'block all', userExceptions: {} as Record<string, object> };
  const path = (party: Party) =>
    `/_matrix/client/v3/user/${encodeURIComponent(party.person.userId)}/account_data/de.gematik.tim.account.permissionconfig.pro.v1`;

  it('is invited by nobody from the moment on, and by those whom they except', async () => {
    const { apotheek, huisarts } = federation.parties;
    expect(await as(apotheek, 'GET', path(apotheek))).toMatchObject({
      status: 200,
      body: { defaultSetting: 'allow all' },
    });
    const roomId = await newRoom(huisarts);
    const invite = () => as(huisarts, 'POST', pathOf(roomId, 'invite'), { user_id: apotheek.person.userId });
    expect(await as(apotheek, 'PUT', path(apotheek), setting)).toMatchObject({ status: 200 });
    expect((await invite()).status).toBeGreaterThanOrEqual(400);
    expect(await invited(apotheek, roomId)).toBe(false);
    await as(apotheek, 'PUT', path(apotheek), {
      ...setting,
      userExceptions: { [huisarts.person.userId]: {} },
    });
    expect(await invite()).toMatchObject({ status: 200 });
  });
});

// Last: it changes the list.
it('a homeserver that has come into the list since is let in at once', async () => {
  const { vvt, stranger } = federation.parties;
  const all = Object.values(federation.parties).map(({ serverName }) => serverName);
  await federation.publishList(2, all);
  const roomId = await newRoom(stranger);
  await until('the invite', async () => {
    const { status } = await as(stranger, 'POST', pathOf(roomId, 'invite'), { user_id: vvt.person.userId });
    return status === 200;
  });
  expect(await invited(vvt, roomId)).toBe(true);
});
