import { randomUUID } from 'node:crypto';
import { FhirRef, UserId } from '@bridge/contracts';
import { ConversationStore, ParticipantStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AsIngressConfig } from '../apps/as-ingress/src/app.module';
import { startAsIngress } from '../apps/as-ingress/src/start-as-ingress';
import { FakeHomeserver } from './support/fake-homeserver';
import { httpRequest, type HttpAnswer, type HttpCall } from './support/http-request';
import { InspectedQueue } from './support/inspected-queue';
import { until } from './support/until';

const HS_TOKEN = 'hs-token-'.padEnd(40, 'x');
const AS_TOKEN = 'as-token-'.padEnd(40, 'y');
const BASE = '/_matrix/app/v1';

let queue: InspectedQueue;
let homeserver: FakeHomeserver;
let config: AsIngressConfig;
let app: NestFastifyApplication;
let url: string;
let nextTxn = 1;

beforeAll(async () => {
  homeserver = await FakeHomeserver.start();
  queue = await InspectedQueue.start();
  config = {
    http: { host: '127.0.0.1', port: 0, bodyLimitBytes: 1024 * 1024 },
    log: { level: 'fatal', format: 'json' },
    nats: {
      url: queue.server.url,
      partitions: 8,
      replicas: 1,
      maxBytes: 64 * 1024 * 1024,
      ackWaitMs: 30_000,
    },
    postgres: { url: process.env.TEST_DATABASE_URL ?? '', poolSize: 2 },
    matrix: { serverName: 'care.example', ghostPrefix: '_bridge_', botLocalpart: '_bridge_bot' },
    homeserver: { url: homeserver.url, asToken: AS_TOKEN, requestTimeoutMs: 5_000 },
    appservice: {
      id: 'bridge',
      hsToken: HS_TOKEN,
      previousHsToken: undefined,
      legacyPaths: false,
      silenceMs: 600_000,
    },
  };
  app = await startAsIngress(config);
  url = await app.getUrl();
}, 60_000);

afterAll(async () => {
  await app?.close();
  await Promise.all([queue?.stop(), homeserver?.stop()]);
});

beforeEach(() => queue.empty('MAPPING', 'DEAD_LETTERS'));

/** As the homeserver calls. */
function call(call: Omit<HttpCall, 'headers'>, authorization = `Bearer ${HS_TOKEN}`): Promise<HttpAnswer> {
  return httpRequest(url, { ...call, headers: { authorization, 'content-type': 'application/json' } });
}

function transaction(body: string | Buffer, txnId = String(nextTxn++)): Promise<HttpAnswer> {
  return call({ method: 'PUT', target: `${BASE}/transactions/${txnId}`, body });
}

function events(...list: unknown[]): string {
  return JSON.stringify({ events: list });
}

function message(room: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    event_id: `$${randomUUID()}`,
    room_id: room,
    sender: '@gp:practice.example',
    type: 'm.room.message',
    origin_server_ts: 1_700_000_000_000,
    content: { msgtype: 'm.text', body: 'Good morning' },
    ...changes,
  };
}

/** The event ids on the queue per room, in the order of the queue. */
async function queuedPerRoom(): Promise<Record<string, unknown[]>> {
  const perRoom: Record<string, unknown[]> = {};
  for (const event of await queue.heldJson('MAPPING'))
    (perRoom[String(event.room_id)] ??= []).push(event.event_id);
  return perRoom;
}

/** How often this app has asked the queue to store an event. */
async function published(): Promise<number> {
  const metric = await app.get(Metrics).registry.getSingleMetric('bridge_queue_published_total')?.get();
  return metric?.values.reduce((total, { value }) => total + value, 0) ?? 0;
}

describe('the token', () => {
  const ping = { method: 'POST', target: `${BASE}/ping` };

  it('is accepted in the header', async () => {
    const answer = await call(ping);
    expect([answer.status, answer.json()]).toEqual([200, {}]);
  });

  it.each([
    ['no header', {}],
    ['an empty header', { authorization: '' }],
    ['another scheme', { authorization: `Basic ${HS_TOKEN}` }],
  ])('is missing with %s: 401', async (_case, headers) => {
    const answer = await httpRequest(url, { ...ping, headers });
    expect([answer.status, answer.json()]).toMatchObject([401, { errcode: 'M_MISSING_TOKEN' }]);
  });

  it.each([HS_TOKEN.slice(0, -1), `${HS_TOKEN}x`, AS_TOKEN, 'x'])('is wrong with %s: 403', async (token) => {
    const answer = await call(ping, `Bearer ${token}`);
    expect([answer.status, answer.json()]).toMatchObject([403, { errcode: 'M_FORBIDDEN' }]);
    expect(answer.text).not.toContain(token);
  });

  it('is not accepted in the query', async () => {
    const answer = await httpRequest(url, { ...ping, target: `${BASE}/ping?access_token=${HS_TOKEN}` });
    expect(answer.status).toBe(401);
  });

  it.each([
    ['PUT', `${BASE}/transactions/1`],
    ['GET', `${BASE}/users/@_bridge_1:care.example`],
    ['GET', `${BASE}/rooms/%23x:care.example`],
    ['HEAD', `${BASE}/users/@_bridge_1:care.example`],
    ['PUT', `http://elsewhere.example${BASE}/transactions/1`],
    ['PUT', '/%5fmatrix/app/v1/transactions/1'],
  ])('is needed for %s %s', async (method, target) => {
    const answer = await httpRequest(url, {
      method,
      target,
      body: method === 'PUT' ? events(message('!a')) : undefined,
    });
    expect(answer.status).toBe(401);
    expect(await queue.held('MAPPING')).toEqual([]);
  });
});

describe('routes', () => {
  it.each([
    ['GET', '/_matrix/app/unstable/org.matrix.msc3984/keys/query'],
    ['GET', '/transactions/1'],
    ['PUT', `${BASE}/transactions`],
    ['GET', '/secret-in-path'],
  ])('answers the unknown %s %s with 404 and M_UNRECOGNIZED', async (method, target) => {
    const answer = await call({ method, target });
    expect([answer.status, answer.json()]).toEqual([
      404,
      { errcode: 'M_UNRECOGNIZED', error: 'Unknown endpoint.' },
    ]);
  });

  it.each([
    ['GET', `${BASE}/transactions/1`, 'PUT'],
    ['POST', `${BASE}/transactions/1?x=y`, 'PUT'],
    ['PUT', `${BASE}/users/@_bridge_1:care.example`, 'GET'],
    ['DELETE', `${BASE}/rooms/%23x:care.example`, 'GET'],
    ['GET', `${BASE}/ping`, 'POST'],
  ])('answers the wrong method of %s %s with 405 and the right one', async (method, target, allow) => {
    const answer = await call({ method, target });
    expect([answer.status, answer.headers.allow, answer.json()]).toMatchObject([
      405,
      allow,
      { errcode: 'M_UNRECOGNIZED' },
    ]);
  });

  it('leaves health its own form', async () => {
    const answer = await httpRequest(url, { method: 'GET', target: '/ready' });
    expect([answer.status, answer.json()]).toEqual([
      200,
      { ready: true, checks: { start: 'up', nats: 'up', postgres: 'up' } },
    ]);
  });
});

describe('a transaction', () => {
  it('is stored whole: each room in its order, whatever is malformed among it beside', async () => {
    const list: unknown[] = Array.from({ length: 100 }, (_, index) =>
      message(`!room${index % 7}:care.example`),
    );
    const broken = { ...message('!room3:care.example'), sender: 7 };
    const sent = [...list];
    sent[50] = broken;
    const answer = await transaction(events(...sent));
    expect([answer.status, answer.json()]).toEqual([200, {}]);

    const expected: Record<string, unknown[]> = {};
    sent.forEach((event, index) => {
      const { room_id, event_id } = event as { room_id: string; event_id: string };
      if (index !== 50) (expected[room_id] ??= []).push(event_id);
    });
    expect(await queuedPerRoom()).toEqual(expected);
    const [letter, ...more] = await queue.held('DEAD_LETTERS');
    expect(more).toEqual([]);
    expect(JSON.parse(letter?.payload.toString() ?? '')).toEqual(broken);
    expect(letter?.header('Bridge-Failure-Class')).toBe('malformed-event');
    expect(letter?.header('Bridge-Reason')).toBe('sender');
  });

  it('reaches the queue as the homeserver sent it', async () => {
    const event = message('!r.with.dots:care.example', {
      unsigned: { age: 12 },
      content: { body: '😀 "\u0000"', 'a.b': null },
    });
    await transaction(events(event));
    expect(await queue.heldJson('MAPPING')).toEqual([event]);
  });

  it('leaves out what the bridge wrote itself, but not what a namesake elsewhere wrote', async () => {
    const namesake = message('!a', { sender: '@_bridge_1:evil.example' });
    await transaction(
      events(
        message('!a', { sender: '@_bridge_1:care.example' }),
        message('!a', { sender: '@_bridge_bot:care.example' }),
        namesake,
      ),
    );
    expect(await queue.heldJson('MAPPING')).toEqual([namesake]);
    expect(await queue.held('DEAD_LETTERS')).toEqual([]);
  });

  it('survives hostile events: the good one among them is stored, the rest is kept or dropped', async () => {
    const good = message('!a');
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const hostile = [
      'null',
      '7',
      '"text"',
      '[]',
      '{}',
      '{"type":{"toString":1}}',
      '{"type":"m.room.message","__proto__":{"sender":"@a:b"}}',
      '{"type":"constructor"}',
      `{"type":"m.room.message","content":${deep}}`,
      JSON.stringify(message('!a', { content: { body: 'x'.repeat(2_000_000) } })),
      JSON.stringify(message('!a', { event_id: '$a\r\nHeader: injected' })),
      JSON.stringify(message('!a b')),
    ];
    const answer = await transaction(
      `{"events":[${[...hostile, JSON.stringify(good)].join(',')}],"ephemeral":{},"x":1}`,
    );
    expect(answer.status).toBe(200);
    expect(await queue.heldJson('MAPPING')).toEqual([good]);
    expect((await queue.held('DEAD_LETTERS')).length).toBeGreaterThanOrEqual(10);
    expect((await call({ method: 'POST', target: `${BASE}/ping` })).status).toBe(200);
  });

  it.each([
    ['no JSON', 'no JSON'],
    ['no list of events', '{"events":{}}'],
    ['nothing', ''],
  ])(
    'with %s is kept byte for byte and answered with 200, so that nothing waits behind it',
    async (_case, body) => {
      const answer = await transaction(body);
      expect([answer.status, answer.json()]).toEqual([200, {}]);
      const letters = await queue.held('DEAD_LETTERS');
      expect(letters.map(({ payload }) => payload.toString())).toEqual([body]);
    },
  );

  it('that is no JSON and too large for one queue message is kept in parts', async () => {
    const body = `${'{"events":['.padEnd(3_000_000, '1,')}`;
    expect((await transaction(body)).status).toBe(200);
    const parts = await queue.held('DEAD_LETTERS');
    expect(parts.length).toBeGreaterThan(1);
    expect(Buffer.concat(parts.map(({ payload }) => payload)).toString() === body).toBe(true);
  });

  it('is accepted at the size of the largest that a homeserver makes', async () => {
    const list = Array.from({ length: 100 }, () => message('!a', { content: { body: 'x'.repeat(64_000) } }));
    expect((await transaction(events(...list))).status).toBe(200);
    expect(await queue.held('MAPPING')).toHaveLength(100);
  }, 30_000);

  it('sent twice at the same time is handled once', async () => {
    const body = events(...Array.from({ length: 20 }, () => message('!a')));
    const publishedBefore = await published();
    const answers = await Promise.all(Array.from({ length: 5 }, () => transaction(body, 'twice')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await transaction(body, 'twice')).status).toBe(200);

    expect((await published()) - publishedBefore).toBe(20);
    expect(await queue.held('MAPPING')).toHaveLength(20);
  });

  it('with an id that was used for another body is handled: a homeserver set up anew counts from 1 again', async () => {
    await transaction(events(message('!a')), 'reset');
    await transaction(events(message('!a')), 'reset');
    expect(await queue.held('MAPPING')).toHaveLength(2);
  });

  it('is accepted whatever its media type says', async () => {
    const event = message('!a');
    const answer = await httpRequest(url, {
      method: 'PUT',
      target: `${BASE}/transactions/untyped`,
      headers: { authorization: `Bearer ${HS_TOKEN}` },
      body: events(event),
    });
    expect(answer.status).toBe(200);
    expect(await queue.heldJson('MAPPING')).toEqual([event]);
  });

  it('is refused with 503 when the queue is full in its middle, and its repetition completes it in order', async () => {
    // The fourth does not fit; those after it would.
    const sizes = [3_000, 3_000, 3_000, 12_000, 100, 100, 100];
    const list = sizes.map((size) => message('!full', { content: { body: 'x'.repeat(size) } }));
    const body = events(...list);
    const { config: stream } = await queue.manager.streams.info('MAPPING');
    await queue.manager.streams.update('MAPPING', { ...stream, max_bytes: 16_000 });
    try {
      const answer = await transaction(body, 'full');
      expect([answer.status, answer.json()]).toMatchObject([
        503,
        {
          errcode: 'M_LIMIT_EXCEEDED',
          error: expect.any(String) as string,
          retry_after_ms: expect.any(Number) as number,
        },
      ]);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(await queue.heldJson('MAPPING')).toEqual(list.slice(0, 3));
    } finally {
      await queue.manager.streams.update('MAPPING', stream);
    }
    expect((await transaction(body, 'full')).status).toBe(200);
    expect(await queue.heldJson('MAPPING')).toEqual(list);
  });
});

describe('lookups', () => {
  it('answer 200 for what the bridge handed out, and 404 for the rest', async () => {
    const ghost = UserId.parse(`@_bridge_${randomUUID()}:care.example`);
    const person = FhirRef.parse(`Practitioner/${randomUUID()}`);
    await app
      .get(ParticipantStore)
      .save(
        { fhirRef: person, accountUserId: null, displayName: 'A. Nurse', mapping: { fhirRef: person } },
        () => ghost,
      );
    const user = (id: string): Promise<HttpAnswer> =>
      call({ method: 'GET', target: `${BASE}/users/${encodeURIComponent(id)}` });
    const known = await user(ghost);
    expect([known.status, known.json()]).toEqual([200, {}]);
    for (const id of [
      `${ghost}x`,
      `@_bridge_${'x'.repeat(200)}:care.example`,
      '@_bridge_\u0000:care.example',
      'x',
      '%',
    ]) {
      const answer = await user(id);
      expect([answer.status, answer.json()]).toMatchObject([404, { errcode: 'M_NOT_FOUND' }]);
    }
  });

  it('find a ghost with the longest id there can be', async () => {
    const ghost = UserId.parse(`@_bridge_${randomUUID()}`.padEnd(242, 'x') + ':care.example');
    const person = FhirRef.parse(`Practitioner/${randomUUID()}`);
    await app
      .get(ParticipantStore)
      .save(
        { fhirRef: person, accountUserId: null, displayName: 'A. Nurse', mapping: { fhirRef: person } },
        () => ghost,
      );
    const answer = await call({ method: 'GET', target: `${BASE}/users/${encodeURIComponent(ghost)}` });
    expect(answer.status).toBe(200);
  });

  it('find the alias of a Room on this server only', async () => {
    const conversation = FhirRef.parse(`CommunicationRequest/${randomUUID()}`);
    const store = app.get(ConversationStore);
    await store.apply({
      conversation,
      careTeam: null,
      subject: null,
      encounter: null,
      parties: [],
      open: true,
      name: 'Conversation',
      versionAt: new Date(),
    });
    const localpart = (await store.find(conversation))?.aliasLocalpart ?? '';
    const room = async (alias: string): Promise<number> =>
      (await call({ method: 'GET', target: `${BASE}/rooms/${encodeURIComponent(alias)}` })).status;
    expect(await room(`#${localpart}:care.example`)).toBe(200);
    expect(await room(`#${localpart}:evil.example`)).toBe(404);
    expect(await room('#_bridge_unknown:care.example')).toBe(404);
  });
});

describe('the homeserver', () => {
  it('was pinged at the start, as the Application Service that it registered', () => {
    expect(homeserver.pings[0]).toEqual({
      path: '/_matrix/client/v1/appservice/bridge/ping',
      authorization: `Bearer ${AS_TOKEN}`,
    });
  });

  it('gets 503 while NATS is away, and is pinged when it is back', async () => {
    const body = events(message('!killed'));
    const pingsBefore = homeserver.pings.length;
    await queue.killServer();

    const refused = await transaction(body, 'killed');
    expect([refused.status, refused.json()]).toMatchObject([503, { errcode: 'M_LIMIT_EXCEEDED' }]);
    const ready = await httpRequest(url, { method: 'GET', target: '/ready' });
    expect([ready.status, ready.json()]).toMatchObject([503, { ready: false, checks: { postgres: 'up' } }]);

    homeserver.away = true;
    await queue.startServerAgain();
    await until('a ping', () => homeserver.pings.length > pingsBefore);
    // Its own trouble does not make the bridge unready, and it is pinged until it answers.
    expect((await httpRequest(url, { method: 'GET', target: '/ready' })).status).toBe(200);
    homeserver.away = false;
    await until('another ping', () => homeserver.pings.length > pingsBefore + 1);
    expect((await transaction(body, 'killed')).status).toBe(200);
    expect(await queue.held('MAPPING')).toHaveLength(1);
  }, 60_000);
});
