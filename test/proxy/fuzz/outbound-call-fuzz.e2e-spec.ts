import fc from 'fast-check';
import { once } from 'node:events';
import { type Server, createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { type TLSSocket, connect as connectTls } from 'node:tls';
import { ExtendedKeyUsage, type KeyedCertificate, makeAuthority, makeLeaf } from '@bridge/certificates';
import { type GuardedReader, startGuardedReader } from './guarded-reader';

/** On failure fast-check prints the seed and the path that repeat it. */
const bounded = (numRuns: number) => ({ numRuns, interruptAfterTimeLimit: 6_000 });
jest.setTimeout(60_000);
const SIGNATURE = 'A'.repeat(86);

let reader: GuardedReader;
/** A homeserver of the list, and what was asked of it. */
let homeserver: Server;
let port: number;
const asked: { url: string; authorization?: string; case: string }[] = [];
/** The path of each request that was sent, by its number: it may arrive when the next one has been sent. */
const paths = new Map<string, string>();
/** Of the proxy, which its homeserver trusts. */
let own: KeyedCertificate;

beforeAll(async () => {
  const validity = { now: new Date(), days: 1 };
  own = await makeAuthority('own', validity);
  const authority = await makeAuthority('others', validity);
  const leaf = await makeLeaf(authority, { dns: ['localhost'] }, [ExtendedKeyUsage.serverAuth], validity);
  homeserver = createTlsServer(
    { cert: leaf.certificatePem, key: leaf.privateKeyPem },
    (request, response) => {
      const { authorization, 'x-case': number } = request.headers;
      asked.push({ url: request.url!, authorization, case: String(number) });
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    },
  );
  homeserver.listen(0, '127.0.0.1');
  await once(homeserver, 'listening');
  port = (homeserver.address() as AddressInfo).port;
  reader = await startGuardedReader([`localhost:${port}`], {
    tim: {
      PROXY_OUTBOUND_NETWORKS: '127.0.0.0/8,::1',
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
  homeserver?.close();
});

const right = () =>
  `X-Matrix origin="own.example",destination="localhost:${port}",key="ed25519:k",sig="${SIGNATURE}"`;

const targets = fc.constantFrom(
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
  ...['/_matrix/media/v3/download/evil.example/x', '/_matrix/media/v3/download/evil.example%2f/x'],
  ...['/_matrix/media/r0/download/evil.example/x', '/_matrix/media/v3/upload', '/', '*'],
  ...['/.well-known/matrix/server/..', '/_synapse/admin/v1/users', '/_matrix/client/versions'],
  'https://evil.example/_matrix/federation/v1/version',
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
  () => `localhost:${port}`,
  () => 'localhost',
  () => 'evil.example',
  () => `localhost:${port}\r\nhost: evil.example`,
  () => 'evil.example\r\nhost: localhost',
  () => '',
  () => 'localhost@evil.example',
  () => 'localhost, evil.example',
);

/** Sends a request in a connection that the proxy looks into, and waits for its end. */
async function ask(bytes: string): Promise<void> {
  const socket = connect(reader.proxies.tim.outboundPort, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`CONNECT localhost:${port} HTTP/1.1\r\n\r\n`);
  await once(socket, 'data');
  const secure: TLSSocket = connectTls({ socket, servername: 'localhost', ca: own.certificatePem });
  secure.setTimeout(400, () => secure.destroy());
  secure.on('error', () => undefined).resume();
  secure.write(Buffer.from(bytes, 'latin1'));
  await once(secure, 'close');
}

it('whatever the homeserver asks of another comes there as a call of its own to that one, or not at all', async () => {
  let arrived = 0;
  await fc.assert(
    fc.asyncProperty(targets, authorizations, names, async (path, authorizationsOf, nameOf) => {
      const number = String(paths.size);
      paths.set(number, path);
      const headers = [`x-case: ${number}`, ...authorizationsOf().map((value) => `authorization: ${value}`)];
      await ask(
        `GET ${path} HTTP/1.1\r\nhost: ${nameOf()}\r\n${headers.join('\r\n')}\r\nconnection: close\r\n\r\n`,
      );
      for (const { url, authorization, case: ofNumber } of asked.splice(0)) {
        arrived += 1;
        expect(url).toBe(paths.get(ofNumber));
        if (!url.startsWith('/_matrix/key/v2/')) expect(authorization).toBe(right());
        expect(url).toMatch(/^\/_matrix\/(federation\/v1|key\/v2)\//);
      }
    }),
    bounded(400),
  );
  expect(arrived).toBeGreaterThan(0);
});
