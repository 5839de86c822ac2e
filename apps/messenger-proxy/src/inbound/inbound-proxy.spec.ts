import { type IncomingMessage, type ServerResponse, createServer, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ListOutdated } from '../federation-list/list-keeper';
import { defaultPermissions } from '../invites/permission-config';
import { TokenOwners } from '../invites/token-owners';
import { type ClientRule, clientRoutes, guardedClientRoutes } from '../routes/client-routes';
import { federationRoutes } from '../routes/federation-routes';
import { type Route, RouteTable } from '../routes/route-table';
import { Guard } from '../rules/guard';
import { EdgeServer } from '../server/edge-server';
import { Forwarder } from '../server/forwarder';
import { type ClientRules, ClientCalls } from './client-calls';
import { FederationCalls } from './federation-calls';
import { InboundProxy, type OtherCalls } from './inbound-proxy';

/** What reached the homeserver. */
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

const seen: Seen[] = [];
/** What the homeserver answers next, where it is not 200 {}. */
let answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
const homeserver = createServer((request, response) => void receive(request, response));

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  seen.push({
    method: request.method!,
    url: request.url!,
    headers: request.headers,
    body: Buffer.concat(chunks),
  });
  if (answer) return answer(request, response);
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
}

const tim: ClientRules = {
  versions: ['10', '9'],
  invites: 1,
  publicRoomsStayHere: true,
  forbiddenTypes: [],
  versionCeiling: 'v1.11',
  strictMessages: true,
  redactionLimitMs: 86_400_000,
  permissions: defaultPermissions('allow all'),
};

let forwarder: Forwarder;
const proxies: EdgeServer[] = [];
/** What is known of support. */
let support: { contacts: [] } | undefined;
/** Set to have the list outdated. */
let isOutdated = false;

async function start(
  routes: Route<ClientRule>[],
  rules: ClientRules,
  otherClientCalls: OtherCalls,
): Promise<number> {
  const guard = new Guard({
    ownServer: 'own.example',
    isListed: (server) =>
      isOutdated ? Promise.reject(new ListOutdated()) : Promise.resolve(server === 'a.example'),
    mayInvite: () => Promise.resolve(true),
  });
  const owners = new TokenOwners(
    (token) =>
      Promise.resolve({ status: token === 'mine' ? 200 : 401, body: { user_id: '@me:own.example' } }),
    60_000,
  );
  const proxy = new InboundProxy({
    clientTable: new RouteTable(routes),
    federationTable: new RouteTable(federationRoutes()),
    clientCalls: new ClientCalls({
      guard,
      rules,
      homeserver: forwarder,
      owners,
      permissionsChanged: () => undefined,
      now: Date.now,
    }),
    federationCalls: new FederationCalls({ guard, homeserver: forwarder }),
    homeserver: forwarder,
    wellKnown: { server: 'own.example:443', support: () => Promise.resolve(support) },
    otherClientCalls,
    onRefusal: () => undefined,
  });
  const server = new EdgeServer((request, response) => void proxy.answer(request, response));
  proxies.push(server);
  await server.listen(0, '127.0.0.1');
  return server.port;
}

let strict = 0;
let open = 0;

beforeAll(async () => {
  homeserver.listen(0, '127.0.0.1');
  await once(homeserver, 'listening');
  forwarder = new Forwarder(`http://127.0.0.1:${(homeserver.address() as AddressInfo).port}`, 100);
  strict = await start(clientRoutes(), tim, 'refuse');
  open = await start(
    guardedClientRoutes(),
    { ...tim, versions: [], strictMessages: false, versionCeiling: undefined },
    'forward',
  );
});

afterAll(async () => {
  await forwarder.close();
  for (const each of proxies) await each.close();
  homeserver.closeAllConnections();
  homeserver.close();
});

beforeEach(() => {
  seen.length = 0;
  answer = undefined;
  isOutdated = false;
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A request as it is written here: nothing is made tidy on its way. */
async function send(
  port: number,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string | string[]>; body?: string | Buffer } = {},
): Promise<Answer> {
  const request = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent: false });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) };
}
const errorOf = ({ status, body }: Answer) => [
  status,
  (JSON.parse(body.toString()) as { errcode: string }).errcode,
];
const mine = { authorization: 'Bearer mine', 'content-type': 'application/json' };
const sig = 'A'.repeat(86);
const xMatrix = (origin: string, more = '') =>
  `X-Matrix origin="${origin}",key="ed25519:k",sig="${sig}"${more}`;

describe('calls of clients', () => {
  it('are passed on as they came: address, body and answer byte for byte', async () => {
    const body = '{ "b": 1,  "a" : 1.0, "é":"\\u00e9" }';
    answer = (_request, response) =>
      response.writeHead(418, { 'x-own': '1', 'content-type': 'text/odd' }).end('odd');
    const path = '/_matrix/client/v3/rooms/!r%3Ab/send/m.room.message/t%2F1?x=%20y';
    const got = await send(strict, 'PUT', path, {
      headers: { ...mine, 'x-more': 'kept', connection: 'x-hop', 'x-hop': '1' },
      body,
    });
    expect([got.status, got.headers['x-own'], got.headers['content-type'], got.body.toString()]).toEqual([
      418,
      '1',
      'text/odd',
      'odd',
    ]);
    expect(seen).toMatchObject([{ method: 'PUT', url: path, headers: { 'x-more': 'kept' } }]);
    expect(seen[0]!.headers['x-hop']).toBeUndefined();
    expect(seen[0]!.body.toString()).toBe(body);
  });

  it('stream: an upload of 20 MB arrives whole, and is not collected here', async () => {
    const body = Buffer.alloc(20 * 1024 * 1024, 7);
    expect((await send(strict, 'POST', '/_matrix/media/v3/upload', { headers: mine, body })).status).toBe(
      200,
    );
    expect(seen[0]!.body.equals(body)).toBe(true);
  });

  it.each([
    ['GET', '/_matrix/client/v3/voip/turnServer', 404],
    ['GET', '/_synapse/admin/v1/server_version', 404],
    ['GET', '/metrics', 404],
    ['DELETE', '/_matrix/client/versions', 405],
    ['PROPFIND', '/_matrix/client/versions', 405],
    ['PROPFIND', '/metrics', 404],
    ['POST', '/_matrix/client/v3/create%52oom', 400],
    ['GET', '/_matrix/client/v3/../../_synapse/admin/v1/users', 400],
    ['GET', '/_matrix//client/versions', 400],
    ['GET', 'http://own.example/_matrix/client/versions', 400],
  ])('%s %s goes no further: %d', async (method, path, status) => {
    expect(errorOf(await send(strict, method, path))).toEqual([status, 'M_UNRECOGNIZED']);
    expect(seen).toEqual([]);
  });

  it('of other APIs than that of clients go no further either where others are forwarded', async () => {
    expect((await send(open, 'GET', '/_synapse/admin/v1/server_version')).status).toBe(404);
    expect((await send(open, 'GET', '/_matrix/client/v3/voip/turnServer')).status).toBe(200);
    expect(seen.map(({ url }) => url)).toEqual(['/_matrix/client/v3/voip/turnServer']);
  });

  it('with a part that is no text go no further where others are forwarded: no rule would see it', async () => {
    const path = '/_matrix/media/v3/download/evil.example/abc%c0%af';
    expect(errorOf(await send(open, 'GET', path))).toEqual([400, 'M_UNRECOGNIZED']);
    expect(seen).toEqual([]);
  });

  it.each([
    ['PUT', '/_matrix/client/v3/createRoom/1'],
    ['POST', '/_matrix/client/r0/createRoom'],
    ['POST', '/_matrix/client/api/v1/createRoom'],
    ['POST', '/_matrix/client/unstable/org.example/createRoom'],
  ])('%s %s is a new room in every version', async (method, path) => {
    const body = JSON.stringify({ invite: ['@x:evil.example'] });
    expect(errorOf(await send(open, method, path, { headers: mine, body }))).toEqual([403, 'M_FORBIDDEN']);
    expect(seen).toEqual([]);
  });

  it('are told in the form of Matrix what is wrong, so that a browser may read it', async () => {
    const got = await send(strict, 'POST', '/_matrix/client/v3/createRoom', { headers: mine, body: '{' });
    expect([errorOf(got), got.headers['access-control-allow-origin']]).toEqual([[400, 'M_BAD_JSON'], '*']);
    expect(errorOf(await send(strict, 'POST', '/_matrix/client/v3/createRoom', { body: '{}' }))).toEqual([
      401,
      'M_MISSING_TOKEN',
    ]);
    const wrong = { authorization: 'Bearer wrong' };
    expect(
      errorOf(await send(strict, 'POST', '/_matrix/client/v3/createRoom', { headers: wrong, body: '{}' })),
    ).toEqual([401, 'M_UNKNOWN_TOKEN']);
  });

  it('of browsers may be asked for beforehand', async () => {
    expect((await send(strict, 'OPTIONS', '/_matrix/client/v3/createRoom')).status).toBe(200);
    expect((await send(strict, 'OPTIONS', '/_synapse/admin/v1/users')).status).toBe(404);
  });

  it('have a body that was packed refused where a rule has to look into it', async () => {
    const headers = { ...mine, 'content-encoding': 'gzip' };
    expect((await send(strict, 'POST', '/_matrix/client/v3/createRoom', { headers, body: 'x' })).status).toBe(
      415,
    );
  });

  it.each(['?x=1', '', '?'])('/versions%s is told up to the ceiling', async (query) => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ versions: ['v1.11', 'v1.12'], unstable_features: { a: true } }));
    };
    const got = await send(strict, 'GET', `/_matrix/client/versions${query}`);
    expect(JSON.parse(got.body.toString())).toEqual({ versions: ['v1.11'], unstable_features: {} });
    expect(JSON.parse((await send(open, 'GET', '/_matrix/client/versions')).body.toString())).toHaveProperty(
      'unstable_features.a',
    );
  });

  it.each([
    ['redact/$e/1', {}],
    ['send/m.room.redaction/1', { redacts: '$e' }],
  ])('redact within a day, by %s', async (call, content) => {
    let sentAt = Date.now();
    answer = ({ url }, response) => {
      const isEvent = url?.endsWith('/event/%24e');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isEvent ? { origin_server_ts: sentAt } : { user_id: '@me:own.example' }));
    };
    const redact = () =>
      send(strict, 'PUT', `/_matrix/client/v3/rooms/!r/${call}`, {
        headers: mine,
        body: JSON.stringify(content),
      });
    expect((await redact()).status).toBe(200);
    sentAt -= 86_500_000;
    expect(errorOf(await redact())).toEqual([403, 'M_FORBIDDEN']);
  });

  it('of guests, and for files and rooms of homeservers outside of the list, are refused', async () => {
    expect(errorOf(await send(strict, 'POST', '/_matrix/client/v3/register?kind=guest'))).toEqual([
      403,
      'M_FORBIDDEN',
    ]);
    expect(errorOf(await send(strict, 'GET', '/_matrix/client/v1/media/download/evil.example/x'))).toEqual([
      403,
      'M_FORBIDDEN',
    ]);
    expect(errorOf(await send(open, 'GET', '/_matrix/media/r0/thumbnail/evil.example/x'))).toEqual([
      403,
      'M_FORBIDDEN',
    ]);
    expect(errorOf(await send(strict, 'POST', '/_matrix/client/v3/publicRooms?server=evil.example'))).toEqual(
      [403, 'M_FORBIDDEN'],
    );
    expect((await send(strict, 'GET', '/_matrix/client/v1/media/download/a.example/x')).status).toBe(200);
  });

  it('are answered with 502 where the homeserver is away, and cut off where it goes away in between', async () => {
    answer = (request) => request.socket.destroy();
    expect((await send(strict, 'GET', '/_matrix/client/v3/sync')).status).toBe(502);
    answer = (request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('x');
      setImmediate(() => request.socket.destroy());
    };
    await expect(send(strict, 'GET', '/_matrix/client/v3/sync')).rejects.toThrow();
  });
});

describe('calls of homeservers', () => {
  const version = '/_matrix/federation/v1/version';

  it('of the list are passed on, with a header that can be read in one way only', async () => {
    const headers = { authorization: `x-matrix sig=${sig} , key=ed25519:k, origin=a.example,other="1"` };
    expect((await send(strict, 'GET', version, { headers })).status).toBe(200);
    expect(seen[0]!.headers.authorization).toBe(`X-Matrix origin="a.example",key="ed25519:k",sig="${sig}"`);
  });

  it.each([
    ['without a header', {}, 401],
    ['with two', { authorization: [xMatrix('a.example'), xMatrix('evil.example')] }, 401],
    ['outside of the list', { authorization: xMatrix('evil.example') }, 403],
    ['with our own name', { authorization: xMatrix('own.example') }, 403],
    ['for another homeserver', { authorization: xMatrix('a.example', ',destination="b.example"') }, 401],
  ] as const)('%s are refused', async (_what, headers, status) => {
    expect((await send(strict, 'GET', version, { headers: headers as never })).status).toBe(status);
    expect(seen).toEqual([]);
  });

  it('are all refused when the list is outdated', async () => {
    isOutdated = true;
    expect(
      errorOf(await send(strict, 'GET', version, { headers: { authorization: xMatrix('a.example') } })),
    ).toEqual([403, 'M_FORBIDDEN']);
  });

  it('learn neither the rooms here, nor the keys of others', async () => {
    const headers = { authorization: xMatrix('a.example') };
    expect((await send(strict, 'GET', '/_matrix/federation/v1/publicRooms', { headers })).status).toBe(403);
    expect((await send(strict, 'GET', '/_matrix/key/v2/query/evil.example')).status).toBe(403);
    const body = JSON.stringify({ server_keys: { 'evil.example': {} } });
    expect((await send(strict, 'POST', '/_matrix/key/v2/query', { body })).status).toBe(403);
    expect((await send(strict, 'GET', '/_matrix/key/v2/server')).status).toBe(200);
  });

  it('with an invite are looked into as their version has it', async () => {
    const good = {
      type: 'm.room.member',
      sender: '@x:a.example',
      state_key: '@me:own.example',
      content: { membership: 'invite' },
    };
    const evil = { ...good, state_key: '@me:evil.example' };
    const headers = { authorization: xMatrix('a.example'), 'content-type': 'application/json' };
    const invite = async (v: string, body: object) =>
      (
        await send(strict, 'PUT', `/_matrix/federation/${v}/invite/!r/$e`, {
          headers,
          body: JSON.stringify(body),
        })
      ).status;
    expect([await invite('v2', { event: good }), await invite('v1', good)]).toEqual([200, 200]);
    // What the homeserver does not read must not be what is looked at.
    expect([
      await invite('v2', { ...good, event: evil }),
      await invite('v1', { ...evil, event: good }),
    ]).toEqual([403, 403]);
  });
});

it('tells where this homeserver is', async () => {
  const got = await send(strict, 'GET', '/.well-known/matrix/server');
  expect([got.status, JSON.parse(got.body.toString())]).toEqual([200, { 'm.server': 'own.example:443' }]);
});

it('tells whom to ask for help, and says so where that is not known', async () => {
  const path = '/.well-known/matrix/support';
  expect(errorOf(await send(open, 'GET', path))).toEqual([404, 'M_NOT_FOUND']);
  support = { contacts: [] };
  const got = await send(strict, 'GET', path);
  expect([got.status, got.headers['access-control-allow-origin'], got.body.toString()]).toEqual([
    200,
    '*',
    '{"contacts":[]}',
  ]);
  expect(seen).toEqual([]);
});
