import { request } from 'undici';
import { makeListKey, signList } from '../../apps/messenger-proxy/src/federation-list/sign-list';
import { TestServer } from '../../apps/messenger-proxy/src/server/test-server';
import { freePorts } from '../../deploy/local/src/free-port';
import type { RegisteredUser } from '../../deploy/local/src/register-user';
import {
  type RegistrationContent,
  type RegistrationService,
  startRegistrationService,
} from '../../deploy/local/src/registration-service';
import { InspectedQueue } from '../support/inspected-queue';
import { metricOf } from '../support/metric';
import { until } from '../support/until';
import { type ProxiedHomeserver, startProxiedHomeserver } from './proxied-homeserver';

/** Longer than a restart of the proxy takes, also on a busy machine: the young room has to stay young for so long. */
const ORPHANED_MS = 20_000;
const keys = makeListKey();
let content: RegistrationContent = { invites: [], support: {} };
/** Set to have the service fail. */
let isBroken = false;
let service: RegistrationService;
let queue: InspectedQueue;
let contactsUrl: string;
let receiverPort: number;
let one: ProxiedHomeserver;
let me: RegisteredUser;
let other: RegisteredUser;

async function publishList(version: number, ...domains: string[]): Promise<void> {
  const validUntil = new Date(Date.now() + 3_600_000);
  content = { ...content, list: await signList({ version, domains, validUntil }, keys.privateKey) };
}

beforeAll(async () => {
  const [contactsPort = 0, informationPort = 0, port = 0] = await freePorts(3);
  contactsUrl = `http://127.0.0.1:${contactsPort}`;
  receiverPort = port;
  await publishList(1, 'partner.example');
  service = await startRegistrationService(() => {
    if (isBroken) throw new Error('broken');
    return content;
  });
  queue = await InspectedQueue.start();
  one = await startProxiedHomeserver({
    NATS_URL: queue.server.url,
    PROXY_PROFILE: 'tim',
    PROXY_CONTACTS_PORT: String(contactsPort),
    PROXY_INFORMATION_PORT: String(informationPort),
    PROXY_LIST: `${service.url}/backend/federation`,
    PROXY_LIST_KEY: keys.publicKey,
    PROXY_LIST_INTERVAL_MS: '1000',
    PROXY_CHECK_SIGNATURES: 'false',
    PROXY_INVITES: 'contacts',
    PROXY_REMEMBER_MS: '0',
    PROXY_DIRECTORY_URL: `${service.url}/backend/vzd/invite`,
    PROXY_REGISTRATION_URL: service.url,
    PROXY_ORPHANED_ROOM_MS: String(ORPHANED_MS),
    PROXY_RAW_DATA_URL: `http://127.0.0.1:${receiverPort}/add-performance-data`,
    PROXY_RAW_DATA_INSTANCE_ID: 'proxy-1',
    PROXY_RAW_DATA_PROFESSION_OID: '1.2.276.0.76.4.50',
    PROXY_RAW_DATA_TELEMATIK_ID: '1-2-ORG-3',
  });
  me = await one.homeserver.registerUser('me', 'a password of some length');
  other = await one.homeserver.registerUser('other', 'a password of some length');
}, 120_000);

afterAll(async () => {
  await one?.stop();
  await queue?.stop();
  await service?.close();
}, 60_000);

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function call(
  url: string,
  method: 'GET' | 'PUT' | 'POST',
  { headers = {}, content: body }: { headers?: Record<string, string>; content?: object } = {},
): Promise<Answer> {
  const answer = await request(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: body && JSON.stringify(body),
  });
  return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> };
}

/** A call of somebody by the proxy. */
function as(
  who: RegisteredUser,
  method: 'GET' | 'PUT' | 'POST',
  path: string,
  body?: object,
): Promise<Answer> {
  const headers = { authorization: `Bearer ${who.accessToken}` };
  return call(`${one.publicUrl}${path}`, method, { headers, content: body });
}

async function newRoom(): Promise<string> {
  const { status, body } = await as(me, 'POST', '/_matrix/client/v3/createRoom', {});
  expect(status).toBe(200);
  return body.room_id as string;
}

const pathOf = (roomId: string, rest: string): string =>
  `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/${rest}`;

const metric = async (line: string) => metricOf(await one.proxyUrl(), line);

/** A call of a homeserver: the proxy refuses it with 403, and the homeserver with 401, since it has no such signature. */
const fromPartner = (origin: string) =>
  call(`${one.publicUrl}/_matrix/federation/v1/version`, 'GET', {
    headers: { authorization: `X-Matrix origin="${origin}",key="ed25519:k",sig="${'A'.repeat(86)}"` },
  });

describe('the federation list', () => {
  it('comes from the registration service, and a newer one counts', async () => {
    expect([
      (await fromPartner('partner.example')).status,
      (await fromPartner('new.example')).status,
    ]).toEqual([401, 403]);
    await publishList(2, 'new.example');
    await until('the new list', async () => (await metric('bridge_proxy_list_version')) === 2);
    expect([
      (await fromPartner('partner.example')).status,
      (await fromPartner('new.example')).status,
    ]).toEqual([403, 401]);
  });

  it('is confirmed by a service that has nothing newer', async () => {
    const unchanged = 'bridge_proxy_list_looks_total{outcome="unchanged"}';
    const failed = 'bridge_proxy_list_looks_total{outcome="failed"}';
    const [before, failures] = [await metric(unchanged), await metric(failed)];
    await until('a confirmation', async () => (await metric(unchanged)) > before);
    expect(await metric(failed)).toBe(failures);
  });
});

describe('an invite of somebody who is no contact', () => {
  const invite = async (roomId: string) =>
    as(me, 'POST', pathOf(roomId, 'invite'), { user_id: other.userId });

  it('is let in by a yes of the directory, and not by its no', async () => {
    const roomId = await newRoom();
    expect(await invite(roomId)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
    content = { ...content, invites: [[other.userId, me.userId]] };
    expect((await invite(roomId)).status).toBe(403);
    content = { ...content, invites: [[me.userId, other.userId]] };
    expect((await invite(roomId)).status).toBe(200);
    content = { ...content, invites: [] };
    expect((await invite(await newRoom())).status).toBe(403);
  });

  it('is refused while the directory cannot say', async () => {
    const roomId = await newRoom();
    isBroken = true;
    expect(await invite(roomId)).toMatchObject({ status: 503, body: { errcode: 'M_UNKNOWN' } });
    isBroken = false;
  });

  it('is let in while they are a contact, whatever the directory says', async () => {
    const openId = await as(
      other,
      'POST',
      `/_matrix/client/v3/user/${encodeURIComponent(other.userId)}/openid/request_token`,
      {},
    );
    const headers = { mxid: other.userId, authorization: `Bearer ${String(openId.body.access_token)}` };
    const inviteSettings = { start: 0 };
    const contact = { displayName: 'Me', mxid: me.userId, inviteSettings };
    const added = await call(`${contactsUrl}/tim-contact-mgmt/contacts`, 'POST', {
      headers,
      content: contact,
    });
    expect(added.status).toBe(200);
    expect((await invite(await newRoom())).status).toBe(200);
  });
});

describe('support contacts', () => {
  const path = '/.well-known/matrix/support';

  it('are those of the registration service, and an empty list where it knows none', async () => {
    expect(await as(me, 'GET', path)).toEqual({ status: 200, body: { contacts: [] } });
  });

  it('come through after a restart, which remembers nothing', async () => {
    const known = { contacts: [{ role: 'm.role.admin', email_address: 'help@vvt.example' }] };
    // The first label of localhost:<port>.
    content = { ...content, support: { localhost: known } };
    await one.restartProxy();
    expect(await as(me, 'GET', path)).toEqual({ status: 200, body: known });
  });
});

describe('reports of calls', () => {
  it('wait for their receiver, and arrive when it is back', async () => {
    await until('the queue', async () => (await metric('bridge_proxy_reports_waiting')) > 0);
    await call(`${one.publicUrl}/_matrix/client/v3/login`, 'GET');
    expect(await metric('bridge_proxy_reports_sent_total')).toBe(0);
    const receiver = await TestServer.start(receiverPort);
    try {
      const found = await until(
        'a report of a login',
        () =>
          receiver.seen
            .map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>)
            .find(({ operation }) => operation === 'MP_CLIENT_LOGIN_SUPPORTED_LOGIN_TYPES'),
        60_000,
      );
      expect(found).toMatchObject({ status: 200, message: { 'Inst-ID': 'proxy-1', tID: '1-2-ORG-3' } });
      await until('an empty queue', async () => (await metric('bridge_proxy_reports_waiting')) === 0, 90_000);
      const all = receiver.seen.map(({ body }) => body.toString()).join('\n');
      for (const secret of [me.userId, me.accessToken, other.userId, '_matrix']) {
        expect(all).not.toContain(secret);
      }
      const operations = receiver.seen.map(
        ({ body }) => (JSON.parse(body.toString()) as { operation: string }).operation,
      );
      expect(operations).toEqual(
        expect.arrayContaining([
          'MP_CLIENT_LOGIN_REQUEST_OPENID_TOKEN',
          'MP_INVITE_WITHIN_ORGANISATION_INVITE',
          'MP_INVITE_OUTSIDE_ORGANISATION_ADD_TO_CONTACT_MANAGEMENT_LIST',
        ]),
      );
    } finally {
      await receiver.stop();
    }
  }, 120_000);
});

// Last: it removes all rooms that nobody used.
describe('a room that is older than the limit', () => {
  const exists = async (roomId: string): Promise<boolean> => {
    const url = `${one.homeserver.clientUrl}/_synapse/admin/v1/rooms/${encodeURIComponent(roomId)}`;
    const { status } = await call(url, 'GET', {
      headers: { authorization: `Bearer ${one.admin.accessToken}` },
    });
    return status === 200;
  };

  it('is removed where nobody ever used it, and stays where somebody did', async () => {
    const orphan = await newRoom();
    const used = await newRoom();
    const said = await as(me, 'PUT', pathOf(used, 'send/m.room.message/1'), { msgtype: 'm.text', body: 'x' });
    expect(said.status).toBe(200);
    const space = await as(me, 'POST', '/_matrix/client/v3/createRoom', {
      creation_content: { type: 'm.space' },
    });
    const made = Date.now();
    await until('the limit', () => Date.now() > made + ORPHANED_MS, 2 * ORPHANED_MS);
    const young = await newRoom();
    await one.restartProxy();
    await until('its end', async () => !(await exists(orphan)));
    expect([await exists(used), await exists(young), await exists(space.body.room_id as string)]).toEqual([
      true,
      true,
      true,
    ]);
    const removed = 'bridge_proxy_removed_total{what="orphaned-room"}';
    await until('the count', async () => (await metric(removed)) > 0);
  });
});
