import fc from 'fast-check';
import { residentMegabytes } from '../../bench/cost/processes';
import { countsOf } from '../../support/metric';
import { framed } from './framings';
import {
  type GuardedReader,
  PROFILES,
  type Profile,
  type RunningProxy,
  startGuardedReader,
} from './guarded-reader';
import { answered, exchange, statusOf } from './raw-exchange';
import { UNWANTED, bytesOf, unwantedWithTricks, xMatrix } from './requests';

/** On failure fast-check prints the seed and the path that repeat it. */
const bounded = (numRuns: number, seconds: number) => ({
  numRuns,
  interruptAfterTimeLimit: seconds * 1_000,
});
jest.setTimeout(60_000);
const MOST_MEGABYTES = 64;

let reader: GuardedReader;
const pids = new Map<Profile, number>();
let sent = 0;

beforeAll(async () => {
  reader = await startGuardedReader(['a.example']);
  for (const profile of PROFILES) pids.set(profile, reader.proxies[profile].process.pid!);
}, 120_000);

afterAll(() => reader?.stop());

it.each(UNWANTED)(
  'without a proxy the homeserver would do what is unwanted: $method $target',
  async (request) => {
    await reader.seen();
    await answered(reader.port, [bytesOf(request, [['connection', 'close']])]);
    expect((await reader.seen()).flatMap(({ wrongs }) => wrongs)).not.toEqual([]);
  },
);

describe.each(PROFILES)('whatever is sent to a proxy of the profile %s', (profile) => {
  let proxy: RunningProxy;

  beforeEach(async () => {
    proxy = reader.proxies[profile];
    await reader.seen();
  });

  it('is not read by the homeserver as something that the proxy is there to prevent', async () => {
    await fc.assert(
      fc.asyncProperty(unwantedWithTricks, async (request) => {
        const id = String((sent += 1));
        const more = [
          ['x-case', id],
          ['connection', 'close'],
        ] as const;
        await exchange(proxy.inboundPort, [bytesOf(request, more)]);
        const all = await reader.seen();
        expect(all.flatMap(({ wrongs }) => wrongs)).toEqual([]);
        // What the rules went by is what the homeserver gets.
        const seen = all.filter((each) => each.case === id);
        expect(seen.map(({ method, uri }) => `${method} ${uri}`)).toEqual(
          seen.map(() => `${request.method} ${request.target}`),
        );
      }),
      bounded(2_000, 12),
    );
  });

  it('has its end where the homeserver sees it: nothing comes through inside of something else', async () => {
    await fc.assert(
      fc.asyncProperty(framed, async (bytes) => {
        await exchange(proxy.inboundPort, [bytes]);
        const seen = await reader.seen();
        expect(seen.flatMap(({ wrongs }) => wrongs)).toEqual([]);
        expect(seen.filter((each) => each.case !== 'outer')).toEqual([]);
        // Nor is anything left for whoever comes next on the same connection to the homeserver.
        const next = `/_matrix/client/v3/sync?since=${seen.length}`;
        const answer = await answered(proxy.inboundPort, [
          `GET ${next} HTTP/1.1\r\nhost: own.example\r\nconnection: close\r\n\r\n`,
        ]);
        const after = await reader.seen();
        expect([statusOf(answer), after.filter(({ uri }) => uri === next)]).toEqual([
          200,
          [expect.anything()],
        ]);
        expect(after.flatMap(({ wrongs }) => wrongs)).toEqual([]);
      }),
      bounded(500, 6),
    );
  });

  it.each([
    ['brackets without end', `${'['.repeat(500_000)}`],
    ['objects in objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['a list of lists', `{"pdus":${'['.repeat(400_000)}${']'.repeat(400_000)}}`],
    ['a long key', `{"${'k'.repeat(900_000)}":1}`],
    ['many keys', `{${Array.from({ length: 60_000 }, (_, index) => `"k${index}":0`).join(',')}}`],
    ['nothing but a number', '1e999'],
    ['no text', '\xff\xfe\x00'],
  ])('is answered where it is a body with %s', async (_what, body) => {
    const json = ['content-type', 'application/json'] as const;
    const client = { method: 'PUT', target: '/_matrix/client/v3/rooms/!r:own.example/state/a/b', body };
    const federation = { method: 'PUT', target: '/_matrix/federation/v1/send/1', body };
    for (const request of [
      { ...client, headers: [['authorization', 'Bearer a'] as const, json] },
      { ...federation, headers: [['authorization', xMatrix('a.example')] as const, json] },
    ]) {
      const bytes = bytesOf(request, [['connection', 'close']]);
      const status = statusOf(await answered(proxy.inboundPort, [bytes]));
      expect([200, 400]).toContain(status);
    }
  });

  it.each([
    ['in the header and in the address', '?access_token=other', ['authorization: Bearer a']],
    [
      'of which one is for the connection alone',
      '?access_token=other',
      ['authorization: Bearer a', 'connection: authorization'],
    ],
    ['twice in the address', '?access_token=a&access_token=other', []],
    ['behind a semicolon', '?access_token=a;access_token=other', []],
    ['in the body of a form', '?access_token=a', ['content-type: application/x-www-form-urlencoded']],
  ])(
    'goes no further with two tokens, %s: the rules would go by one and the homeserver by the other',
    async (_how, query, lines) => {
      const body = JSON.stringify({ invite: [], a: '&access_token=other&b=' });
      const head = [`POST /_matrix/client/v3/createRoom${query} HTTP/1.1`, 'host: own.example', ...lines];
      const bytes = `${head.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      const status = statusOf(await answered(proxy.inboundPort, [bytes]));
      expect(status).toBeGreaterThanOrEqual(400);
      expect(await reader.seen()).toEqual([]);
    },
  );

  it('is cut off where it has no end, before it is in memory', async () => {
    const before = residentMegabytes(pids.get(profile)!).now;
    const endless = Array.from({ length: 64 }, () => `10000\r\n${'x'.repeat(0x10000)}\r\n`); // 4 MB
    const head =
      'PUT /_matrix/client/v3/rooms/!r:own.example/state/a/b HTTP/1.1\r\nhost: own.example\r\n' +
      'authorization: Bearer a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
    const answers = await Promise.all(
      Array.from({ length: 25 }, () => exchange(proxy.inboundPort, [head, ...endless])),
    );
    // Whoever still sends when the connection ends may not see the answer.
    for (const answer of answers) expect([413, undefined]).toContain(statusOf(answer));
    expect(residentMegabytes(pids.get(profile)!).now - before).toBeLessThan(MOST_MEGABYTES);
  });

  it('does not end it, and none of it fails inside', async () => {
    expect(proxy.process.pid).toBe(pids.get(profile));
    const refusals = await countsOf(proxy.url, 'bridge_proxy_refusals_total');
    const failed = refusals.filter(({ labels }) => labels.rule === 'internal');
    if (failed.length > 0) throw new Error(`${failed[0]!.count} failed:\n${proxy.process.logTail()}`);
  });
});

it('a request that is never finished is held by nobody but its own connection', async () => {
  const { inboundPort, url } = reader.proxies.tim;
  const parts = ['GET /_matrix/client/', 'versions HTTP/1.1\r\nhost', ': own.example\r\nx'];
  await Promise.all(Array.from({ length: 100 }, () => exchange(inboundPort, parts)));
  expect((await fetch(`${url}/live`)).status).toBe(200);
});
