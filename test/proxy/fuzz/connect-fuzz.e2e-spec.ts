import fc from 'fast-check';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { makeAuthority } from '@bridge/certificates';
import { until } from '../../../deploy/local/src/until';
import { headerLines, hosts, ports, versions } from './connect-lines';
import { type GuardedReader, type RunningProxy, startGuardedReader } from './guarded-reader';
import { type RawPieces, exchange } from './raw-exchange';
import { type Hellos, beginnings, recordHellos } from './tls-hellos';

/** On failure fast-check prints the seed and the path that repeat it. */
const bounded = (numRuns: number) => ({ numRuns, interruptAfterTimeLimit: 6_000 });
jest.setTimeout(60_000);
/**
 * A proxy ends what has not begun TLS after ten seconds. Whoever asks for a homeserver of the list waits for the end: it may
 * be reached late, which would be taken for what is sent next.
 */
const ENDED_WITHIN_MS = 12_000;

/** Connections that came to a place. */
interface Place {
  readonly server: Server;
  readonly port: number;
  came: number;
}

let reader: GuardedReader;
/** A homeserver of the list, and something that is none. */
let listed: Place;
let trap: Place;
let hellos: Hellos;

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

beforeAll(async () => {
  [listed, trap] = [await place(), await place()];
  hellos = await recordHellos();
  const own = await makeAuthority('own', { now: new Date(), days: 1 });
  const networks = { PROXY_OUTBOUND_NETWORKS: '127.0.0.0/8,::1' };
  reader = await startGuardedReader([`localhost:${listed.port}`], {
    'closed-federation': { ...networks, PROXY_OUTBOUND: 'pass-through' },
    tim: {
      ...networks,
      PROXY_OUTBOUND: 'intercept',
      PROXY_OUTBOUND_CA_CERTIFICATE: own.certificatePem,
      PROXY_OUTBOUND_CA_KEY: own.privateKeyPem,
    },
  });
}, 120_000);

afterAll(async () => {
  await reader?.stop();
  for (const each of [listed, trap]) each?.server.close();
});

function openFiles({ process: { pid } }: RunningProxy): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

describe.each(['closed-federation', 'tim'] as const)('whatever the homeserver asks of %s', (profile) => {
  it('by CONNECT, it comes to no place that is not in the list', async () => {
    const proxy = reader.proxies[profile];
    const pid = proxy.process.pid;
    const before = openFiles(proxy);
    await fc.assert(
      fc.asyncProperty(hosts, ports, versions, headerLines, beginnings, fc.boolean(), async (...parts) => {
        const [host, portOf, version, more, beginning, atOnce] = parts;
        listed.came = 0;
        const authority = `${host}${portOf({ listed: listed.port, trap: trap.port })}`;
        const line = `CONNECT ${authority} ${version}\r\n${more}\r\n`;
        const pieces = beginning(hellos);
        const isRight = authority.toLowerCase() === `localhost:${listed.port}`;
        const sent = atOnce ? [joined([line, ...pieces])] : [line, ...pieces];
        await exchange(proxy.outboundPort, sent, { silenceMs: isRight ? ENDED_WITHIN_MS : 60 });
        expect(trap.came).toBe(0);
        if (listed.came > 0) expect(isRight).toBe(true);
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
  await until('the connection', async () => listed.came > 0);
  expect(listed.came).toBe(1);
});

function joined(pieces: RawPieces): Buffer {
  return Buffer.concat(
    pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)),
  );
}
