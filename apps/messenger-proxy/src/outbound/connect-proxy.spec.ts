import 'reflect-metadata';
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { type TLSSocket, connect as connectTls } from 'node:tls';
import { ExtendedKeyUsage, type KeyedCertificate, makeAuthority, makeLeaf } from '@bridge/certificates';
import { Forwarder } from '../server/forwarder';
import { ConnectProxy } from './connect-proxy';
import { KnownHosts } from './known-hosts';
import { LeafCertificates } from './leaf-certificates';
import { OutboundCalls, type Tunnel } from './outbound-calls';
import { PrivateAddresses } from './private-addresses';

const now = new Date();
const sig = 'A'.repeat(86);
const refused: string[] = [];
const seen: string[] = [];
const called: (string | undefined)[] = [];
let upstream: Server;
let port = 0;
let proxyAuthority: KeyedCertificate;
let upstreamAuthority: KeyedCertificate;
let intercepting: ConnectProxy;
let passing: ConnectProxy;

const answerAll: RequestListener = (request, response) => {
  seen.push(`${request.headers.host} ${request.url}`);
  request.resume();
  if (request.url === '/.well-known/matrix/server') {
    return void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"m.server":"delegated.test:443"}');
  }
  response.writeHead(404, { 'content-type': 'application/json' }).end('{"errcode":"M_NOT_FOUND"}');
};

/** Names that lead here, as an own DNS server would have it. */
const loopback: PrivateAddresses['lookup'] = (_name, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

function proxy(
  domains: string[],
  intercept: boolean,
  addresses = new PrivateAddresses(['127.0.0.0/8']),
): ConnectProxy {
  const isListed = (server: string) => Promise.resolve(domains.includes(server));
  const hosts = new KnownHosts(isListed, () => domains);
  const ways: Forwarder[] = [];
  const forwarderFor = (tunnel: Tunnel): Forwarder => {
    const way = new Forwarder(`https://${tunnel.host}:${tunnel.port}`, 2, {
      servername: tunnel.name,
      ca: upstreamAuthority.certificatePem,
      lookup: loopback,
    });
    ways.push(way);
    return way;
  };
  const made = new ConnectProxy({
    hosts,
    addresses: { requireHost: (host) => addresses.requireHost(host), lookup: loopback },
    otherHosts: new Set(['push.test']),
    intercept: intercept
      ? {
          certificates: new LeafCertificates(proxyAuthority),
          calls: new OutboundCalls({ ownServer: 'own.test', hosts, isListed, forwarderFor }),
        }
      : undefined,
    onRefusal: ({ rule }) => refused.push(rule),
    onCall: ({ url }) => called.push(url),
  });
  made.server.once('close', () => ways.forEach((way) => void way.close()));
  made.server.listen(0, '127.0.0.1');
  return made;
}

beforeAll(async () => {
  proxyAuthority = await makeAuthority('proxy', { now, days: 1 });
  upstreamAuthority = await makeAuthority('upstream', { now, days: 1 });
  const names = { dns: ['a.test', 'delegated.test', 'evil.test', 'push.test'] };
  const leaf = await makeLeaf(upstreamAuthority, names, [ExtendedKeyUsage.serverAuth], { now, days: 1 });
  upstream = createServer({ cert: leaf.certificatePem, key: leaf.privateKeyPem }, answerAll);
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  port = (upstream.address() as AddressInfo).port;
  intercepting = proxy(['a.test', 'wrong.test', `b.test:${port}`], true);
  passing = proxy(['a.test'], false);
  await Promise.all(
    [intercepting, passing].map(async ({ server }) => server.listening || once(server, 'listening')),
  );
});

afterAll(() => {
  intercepting.close();
  passing.close();
  upstream.closeAllConnections();
  upstream.close();
});

beforeEach(() => {
  refused.length = 0;
  seen.length = 0;
  called.length = 0;
});

/** @returns the first line of the answer, and the connection */
async function open(through: ConnectProxy, target: string): Promise<{ line: string; socket: Socket }> {
  const socket = connect((through.server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const [data] = (await once(socket, 'data')) as [Buffer];
  return { line: data.toString().split('\r\n')[0]!, socket };
}

/** A request through a connection, as a homeserver makes it. @returns status and body; undefined where the connection ended */
async function call(
  through: ConnectProxy,
  {
    host,
    name = host,
    path,
    to = port,
    headers = {},
  }: { host: string; name?: string; path: string; to?: number; headers?: Record<string, string> },
): Promise<{ status: number; body: string } | undefined> {
  const { line, socket } = await open(through, `${host}:${to}`);
  if (!line.includes('200')) return { status: Number(line.split(' ')[1]), body: '' };
  const ca = [proxyAuthority.certificatePem, upstreamAuthority.certificatePem];
  const secure: TLSSocket = connectTls({ socket, servername: name, ca });
  try {
    await once(secure, 'secureConnect');
  } catch {
    return undefined;
  }
  const lines = Object.entries({ Host: name, Connection: 'close', ...headers }).map(
    ([key, value]) => `${key}: ${value}\r\n`,
  );
  secure.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of secure as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return { status: Number(text.split(' ')[1]), body: text.slice(text.indexOf('\r\n\r\n') + 4) };
}
const authorization = (destination: string, origin = 'own.test') => ({
  authorization: `X-Matrix origin="${origin}",destination="${destination}",key="ed25519:k",sig="${sig}"`,
});
const federation = '/_matrix/federation/v1/version';

describe('a call that is looked into', () => {
  it('comes to the homeserver that it is for, and its answer back as it is', async () => {
    const got = await call(intercepting, {
      host: 'a.test',
      path: federation,
      headers: authorization('a.test'),
    });
    // Nothing makes "no such event" look like "no such endpoint".
    expect([got?.status, got?.body]).toEqual([404, expect.stringContaining('M_NOT_FOUND')]);
    expect([seen, called]).toEqual([[`a.test ${federation}`], [federation]]);
  });

  it.each([
    [
      'for another homeserver than the connection',
      { host: 'a.test', path: federation, headers: authorization('wrong.test') },
      'destination',
    ],
    [
      'for one outside of the list',
      { host: 'a.test', path: federation, headers: authorization('evil.test') },
      'not-listed',
    ],
    [
      'of another homeserver',
      { host: 'a.test', path: federation, headers: authorization('a.test', 'evil.test') },
      'origin',
    ],
    ['without a destination', { host: 'a.test', path: federation }, 'x-matrix'],
    [
      'of another host than the connection',
      { host: 'a.test', path: federation, headers: { ...authorization('a.test'), Host: 'evil.test' } },
      'host',
    ],
    [
      'for a file of another homeserver',
      { host: 'a.test', path: '/_matrix/media/v3/download/evil.test/x' },
      'not-listed',
    ],
    [
      'for something that homeservers do not have',
      { host: 'a.test', path: '/_synapse/admin/v1/users' },
      'unknown-path',
    ],
    ['with an address of two readings', { host: 'a.test', path: '/_matrix/federation/../client' }, 'path'],
  ])('is refused %s', async (_what, options, rule) => {
    const got = await call(intercepting, options);
    expect([got?.status, refused, seen]).toEqual([expect.any(Number), [rule], []]);
    expect(got!.status).toBeGreaterThanOrEqual(400);
  });

  it('is not made to a host outside of the list, whatever it asks for', async () => {
    for (const path of [
      '/_matrix/key/v2/server',
      '/.well-known/matrix/server',
      '/_matrix/media/v3/download/a.test/x',
    ]) {
      expect(await call(intercepting, { host: 'evil.test', path })).toBeUndefined();
    }
    expect([refused, seen]).toEqual([Array(3).fill('not-listed'), []]);
  });

  it('is not made to another port than the one in the name', async () => {
    expect(
      (await call(intercepting, { host: 'b.test', path: '/_matrix/key/v2/server', to: port + 1 }))?.status,
    ).toBeUndefined();
    expect(refused).toEqual(['not-listed']);
  });

  it('goes nowhere where the server there cannot prove the name', async () => {
    const got = await call(intercepting, { host: 'wrong.test', path: '/_matrix/key/v2/server' });
    expect([got?.status, seen]).toEqual([502, []]);
  });

  it('comes to where a well-known file of the list has said, from then on', async () => {
    // A well-known file is at port 443: by that port the proxy knows it, whatever listens there.
    expect(
      await call(intercepting, { host: 'delegated.test', path: '/_matrix/key/v2/server' }),
    ).toBeUndefined();
    const got = await call(intercepting, { host: 'a.test', path: '/.well-known/matrix/server' });
    expect([got?.status, got?.body]).toEqual([200, expect.stringContaining('delegated.test')]);
  });
});

describe('a connection that is passed through', () => {
  it('ends at the homeserver itself', async () => {
    const got = await call(passing, { host: 'a.test', path: '/anything' });
    expect([got?.status, seen]).toEqual([404, ['a.test /anything']]);
  });

  it('leads to hosts that are named beside the list', async () => {
    expect((await call(passing, { host: 'push.test', path: '/_matrix/push/v1/notify' }))?.status).toBe(404);
    expect((await call(intercepting, { host: 'push.test', path: '/_matrix/push/v1/notify' }))?.status).toBe(
      404,
    );
  });

  it('is refused to others, and where it asks for another name than its host', async () => {
    expect(await call(passing, { host: 'evil.test', path: '/' })).toBeUndefined();
    expect(await call(passing, { host: 'evil.test', name: 'a.test', path: '/' })).toBeUndefined();
    expect(await call(passing, { host: 'evil.test', name: 'push.test', path: '/' })).toBeUndefined();
    expect([refused, seen]).toEqual([['not-listed', 'sni', 'sni'], []]);
  });
});

describe('a connection', () => {
  it.each(['a.test', 'a.test:0', 'a.test:99999', ':443', 'http://a.test:443', 'a b:443', '[::1:443'])(
    'to %j is none',
    async (target) => {
      const { line, socket } = await open(intercepting, target);
      expect(line).toMatch(/^HTTP\/1\.1 400/);
      socket.destroy();
    },
  );

  it('to a private address is refused before anything is said', async () => {
    const guarded = proxy(['127.0.0.1'], true, new PrivateAddresses([]));
    await (guarded.server.listening || once(guarded.server, 'listening'));
    const { line, socket } = await open(guarded, '127.0.0.1:443');
    expect(line).toMatch(/^HTTP\/1\.1 403/);
    socket.destroy();
    guarded.close();
  });

  it('that does not begin with TLS ends', async () => {
    const { socket } = await open(intercepting, `a.test:${port}`);
    const ended = once(socket, 'close');
    socket.write('GET / HTTP/1.1\r\n\r\n'.repeat(20));
    await ended;
    expect(refused).toEqual(['tls']);
  });

  it('is the one thing that is taken: other requests are refused', async () => {
    const { port: at } = intercepting.server.address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${at}/`)).status).toBe(405);
  });
});
