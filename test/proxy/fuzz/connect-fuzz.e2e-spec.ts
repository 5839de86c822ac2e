import fc from 'fast-check';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type Server, createServer as createTlsServer } from 'node:https';
import { type AddressInfo, type Server as TcpServer, type Socket, connect, createServer } from 'node:net';
import { type TLSSocket, connect as connectTls } from 'node:tls';
import { ExtendedKeyUsage, type KeyedCertificate, makeAuthority, makeLeaf } from '@bridge/certificates';
import { until } from '../../../deploy/local/src/until';
import { type GuardedReader, type RunningProxy, startGuardedReader } from './guarded-reader';
import { type RawPieces, exchange } from './raw-exchange';

/** On failure fast-check prints the seed and the path that repeat it. */
const bounded = (numRuns: number) => ({ numRuns, interruptAfterTimeLimit: 6_000 });
jest.setTimeout(60_000);
const SIGNATURE = 'A'.repeat(86);

/** Connections that came to a place. */
interface Place {
  readonly server: TcpServer;
  readonly port: number;
  came: number;
}

let reader: GuardedReader;
/** A homeserver of the list, and something that is none. */
let listed: Place;
let trap: Place;
/** A homeserver of the list that speaks TLS, and what was asked of it. */
let homeserver: Server;
let homeserverPort: number;
const asked: { url: string; authorization?: string }[] = [];
let own: KeyedCertificate;
const hellos: Record<'localhost' | 'evil.example' | 'none', Buffer> = {} as never;

async function place(): Promise<Place> {
  const server = createServer((socket) => {
    made.came += 1;
    socket.on('error', () => undefined).destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const made: Place = { server, port: (server.address() as AddressInfo).port, came: 0 };
  return made;
}

/** What a client says first when it asks for a name. */
async function helloFor(servername?: string): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}

beforeAll(async () => {
  const validity = { now: new Date(), days: 1 };
  own = await makeAuthority('own', validity);
  const authority = await makeAuthority('others', validity);
  const leaf = await makeLeaf(authority, { dns: ['localhost'] }, [ExtendedKeyUsage.serverAuth], validity);
  homeserver = createTlsServer(
    { cert: leaf.certificatePem, key: leaf.privateKeyPem },
    (request, response) => {
      asked.push({ url: request.url!, authorization: request.headers.authorization });
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    },
  );
  homeserver.listen(0, '127.0.0.1');
  await once(homeserver, 'listening');
  homeserverPort = (homeserver.address() as AddressInfo).port;
  [listed, trap] = [await place(), await place()];
  hellos.localhost = await helloFor('localhost');
  hellos['evil.example'] = await helloFor('evil.example');
  hellos.none = await helloFor();
  const networks = { PROXY_OUTBOUND_NETWORKS: '127.0.0.0/8,::1' };
  reader = await startGuardedReader([`localhost:${listed.port}`, `localhost:${homeserverPort}`], {
    'closed-federation': { ...networks, PROXY_OUTBOUND: 'pass-through' },
    tim: {
      ...networks,
      PROXY_OUTBOUND: 'intercept',
      PROXY_OUTBOUND_CA_CERTIFICATE: own.certificatePem,
      PROXY_OUTBOUND_CA_KEY: own.privateKeyPem,
      PROXY_OUTBOUND_TRUST: authority.certificatePem,
    },
  });
}, 120_000);

afterAll(async () => {
  await reader?.stop();
  homeserver?.closeAllConnections();
  for (const server of [homeserver, listed?.server, trap?.server]) server?.close();
});

function openFiles({ process: { pid } }: RunningProxy): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

const hosts = fc.constantFrom(
  ...[
    'localhost',
    'LOCALHOST',
    'localhost.',
    '127.0.0.1',
    '127.1',
    '0',
    '0.0.0.0',
    '2130706433',
    '0x7f000001',
  ],
  ...[
    '[::1]',
    '::1',
    '[::ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '[localhost]',
    '[::1%lo]',
    '[',
    ']',
    '',
    '*',
    '.',
    '-',
  ],
  ...['user@localhost', 'user:secret@localhost', '@localhost', 'localhost@evil.example', 'http://localhost'],
  ...[
    'localhost/',
    'localhost?',
    'localhost#',
    'localhost\\',
    '%6cocalhost',
    'localhost%00',
    'localhost\x00',
  ],
  ...['localhost\t', 'localhost\x0b', 'local host', 'local\r\nx: yhost', 'lo\xe7alhost', 'evil.example'],
  ...['a'.repeat(254), 'a'.repeat(20_000), `${'a.'.repeat(120)}a`],
);
const ports = fc.constantFrom<(own: { listed: number; trap: number }) => string>(
  ({ listed: port }) => `:${port}`,
  ({ trap: port }) => `:${port}`,
  ({ trap: port }) => `:0${port}`,
  ({ trap: port }) => `:${port + 65_536}`,
  ({ trap: port }) => `:0x${port.toString(16)}`,
  ({ listed: one, trap: other }) => `:${one}:${other}`,
  ({ listed: one, trap: other }) => `:${one}@localhost:${other}`,
  ({ listed: one, trap: other }) => `:${one}#:${other}`,
  () => ':0',
  () => ':65536',
  () => ':-1',
  () => ':99999999999999999999',
  () => ':+443',
  () => ':',
  () => '',
  () => ':https',
);
const lines = fc.constantFrom(
  ...['', 'host: evil.example\r\n', 'host: localhost\r\nhost: evil.example\r\n', 'content-length: 5\r\n'],
  ...['transfer-encoding: chunked\r\n', 'connection: keep-alive\r\n', 'proxy-connection: keep-alive\r\n'],
  ...[
    'expect: 100-continue\r\n',
    'upgrade: h2c\r\nconnection: upgrade\r\n',
    'x\r\n',
    ' folded: x\r\n',
    ': x\r\n',
  ],
  `x: ${'y'.repeat(20_000)}\r\n`,
);
const versions = fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', 'http/1.1', '');
const share = fc.double({ min: 0, max: 1, noNaN: true });
/** What follows the line, and whether the answer is waited for. */
const early = fc.oneof(
  fc.constantFrom<() => RawPieces>(
    () => [hellos.localhost],
    () => [hellos.localhost],
    () => [hellos['evil.example']],
    () => [hellos.none],
    () => [hellos.localhost, hellos['evil.example']],
    () => ['GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    () => ['hello'],
    () => ['\x16\x03\x01\xff\xff'],
    () => ['\x16\x03\x01\x00\x00'],
    () => ['\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10'],
    () => [],
  ),
  share.map((place) => () => {
    const { localhost } = hellos;
    const at = Math.floor(place * localhost.length);
    return [localhost.subarray(0, at), localhost.subarray(at)];
  }),
  fc.tuple(share, fc.integer({ min: 0, max: 255 })).map(([place, byte]) => () => {
    const broken = Buffer.from(hellos.localhost);
    broken[Math.floor(place * (broken.length - 1))] = byte;
    return [broken];
  }),
  share.map((place) => () => [hellos.localhost.subarray(0, Math.floor(place * hellos.localhost.length))]),
);

describe.each(['closed-federation', 'tim'] as const)('whatever the homeserver asks of %s', (profile) => {
  it('by CONNECT, it comes to no place that is not in the list', async () => {
    const proxy = reader.proxies[profile];
    const pid = proxy.process.pid;
    const before = openFiles(proxy);
    await fc.assert(
      fc.asyncProperty(hosts, ports, versions, lines, early, fc.boolean(), async (...parts) => {
        const [host, portOf, version, more, follow, atOnce] = parts;
        listed.came = 0;
        const authority = `${host}${portOf({ listed: listed.port, trap: trap.port })}`;
        const line = `CONNECT ${authority} ${version}\r\n${more}\r\n`;
        const pieces = follow();
        await exchange(proxy.outboundPort, atOnce ? [joined([line, ...pieces])] : [line, ...pieces], 60);
        expect(trap.came).toBe(0);
        if (listed.came > 0) expect(authority.toLowerCase()).toBe(`localhost:${listed.port}`);
      }),
      bounded(800),
    );
    expect(proxy.process.pid).toBe(pid);
    await until('the end of all connections', async () => openFiles(proxy) <= before + 10, 20_000);
  });
});

it('a right line comes to a homeserver of the list, so that the tests above could fail', async () => {
  listed.came = 0;
  const { outboundPort } = reader.proxies['closed-federation'];
  await exchange(outboundPort, [
    `CONNECT localhost:${listed.port} HTTP/1.1\r\nhost: localhost:${listed.port}\r\n\r\n`,
    hellos.localhost,
  ]);
  expect(listed.came).toBe(1);
});

describe('whatever the homeserver asks of another, looked into', () => {
  const right = () =>
    `X-Matrix origin="own.example",destination="localhost:${homeserverPort}",key="ed25519:k",sig="${SIGNATURE}"`;
  const paths = fc.constantFrom(
    ...[
      '/_matrix/federation/v1/version',
      '/_matrix/federation/v1/make_join/!r:x/@y:x',
      '/_matrix/key/v2/server',
    ],
    ...['/_matrix/key/v2/../../federation/v1/version', '/_matrix/key/v2/server/../../../client/versions'],
    ...[
      '/_matrix/key/v2/query/x/y/..%2f..',
      '/_matrix/federation/../client/versions',
      '//_matrix/federation/v1/x',
    ],
    ...[
      '/_matrix/media/v3/download/evil.example/x',
      '/_matrix/media/v3/download/evil.example%2f/x',
      '/',
      '*',
    ],
    ...[
      '/_matrix/media/r0/download/evil.example/x',
      '/_matrix/media/v3/upload',
      '/.well-known/matrix/server/..',
    ],
    ...[
      '/_synapse/admin/v1/users',
      '/_matrix/client/versions',
      'https://evil.example/_matrix/federation/v1/version',
    ],
  );
  const authorizations = fc.constantFrom<() => string[]>(
    () => [right()],
    () => [],
    () => [right().replace('own.example', 'evil.example')],
    () => [right().replace(/localhost:\d+/, 'evil.example')],
    () => [right().replace(/destination="[^"]*",/, '')],
    () => [`${right()},destination="evil.example"`],
    () => [right().replace(/localhost:\d+/, 'evil.example'), right()],
    () => [right().replace('X-Matrix', 'Bearer')],
  );
  const names = fc.constantFrom<() => string>(
    () => `localhost:${homeserverPort}`,
    () => 'localhost',
    () => 'evil.example',
    () => `localhost:${homeserverPort}\r\nhost: evil.example`,
    () => `evil.example\r\nhost: localhost`,
    () => '',
    () => 'localhost@evil.example',
    () => 'localhost, evil.example',
  );

  /** @returns the answer; empty where the connection ended */
  async function ask(bytes: string): Promise<string> {
    const socket = connect(reader.proxies.tim.outboundPort, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`CONNECT localhost:${homeserverPort} HTTP/1.1\r\n\r\n`);
    await once(socket, 'data');
    const secure: TLSSocket = connectTls({ socket, servername: 'localhost', ca: own.certificatePem });
    secure.setTimeout(400, () => secure.destroy());
    const chunks: Buffer[] = [];
    secure.on('data', (chunk: Buffer) => chunks.push(chunk));
    secure.on('error', () => undefined);
    secure.write(Buffer.from(bytes, 'latin1'));
    await once(secure, 'close');
    return Buffer.concat(chunks).toString('latin1');
  }

  it('comes there as a call of its own to that homeserver, or not at all', async () => {
    let arrived = 0;
    await fc.assert(
      fc.asyncProperty(paths, authorizations, names, async (path, authorizationsOf, nameOf) => {
        asked.length = 0;
        const headers = authorizationsOf().map((value) => `authorization: ${value}\r\n`);
        await ask(
          `GET ${path} HTTP/1.1\r\nhost: ${nameOf()}\r\n${headers.join('')}connection: close\r\n\r\n`,
        );
        arrived += asked.length;
        for (const { url, authorization } of asked) {
          expect(url).toBe(path);
          if (!url.startsWith('/_matrix/key/v2/')) expect(authorization).toBe(right());
          expect(url).toMatch(/^\/_matrix\/(federation\/v1|key\/v2)\//);
        }
      }),
      bounded(400),
    );
    expect(arrived).toBeGreaterThan(0);
  });
});

function joined(pieces: RawPieces): Buffer {
  return Buffer.concat(
    pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)),
  );
}
