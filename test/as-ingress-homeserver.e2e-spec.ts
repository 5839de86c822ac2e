import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startAsIngress } from '../apps/as-ingress/src/start-as-ingress';
import { AsIngressFixture, asToken, basePath, events, hsToken, message } from './support/as-ingress-fixture';
import { httpRequest } from './support/http-request';
import { until } from './support/until';

let ingress: AsIngressFixture;

beforeAll(async () => {
  ingress = await AsIngressFixture.start();
}, 60_000);

afterAll(() => ingress?.stop());

beforeEach(() => ingress.emptyQueues());

describe('the homeserver', () => {
  // The app does not wait for it.
  beforeAll(() => until('the ping at the start', () => ingress.homeserver.pings.length > 0), 30_000);

  it('was pinged at the start, as the Application Service that it registered', () => {
    expect(ingress.homeserver.pings[0]).toEqual({
      path: '/_matrix/client/v1/appservice/bridge/ping',
      authorization: `Bearer ${asToken}`,
    });
  });

  it('gets 503 while NATS is away, and is pinged when it is back', async () => {
    const body = events(message('!killed'));
    const pingsBefore = ingress.homeserver.pings.length;
    await ingress.queue.killServer();

    const refused = await ingress.transaction(body, 'killed');
    expect([refused.status, refused.json()]).toMatchObject([503, { errcode: 'M_LIMIT_EXCEEDED' }]);
    const ready = await httpRequest(ingress.url, { method: 'GET', target: '/ready' });
    expect([ready.status, ready.json()]).toMatchObject([503, { ready: false, checks: { postgres: 'up' } }]);

    ingress.homeserver.away = true;
    await ingress.queue.startServerAgain();
    await until('a ping', () => ingress.homeserver.pings.length > pingsBefore);
    // Its own trouble does not make the bridge unready, and it is pinged until it answers.
    expect((await httpRequest(ingress.url, { method: 'GET', target: '/ready' })).status).toBe(200);
    ingress.homeserver.away = false;
    await until('another ping', () => ingress.homeserver.pings.length > pingsBefore + 1);
    expect((await ingress.transaction(body, 'killed')).status).toBe(200);
    expect(await ingress.queue.held('MAPPING')).toHaveLength(1);
  }, 60_000);
});

// From here on another app runs in this process. matrix-bot-sdk has one HTTP client for all: that of the latest.

describe('the watchdog', () => {
  let silent: NestFastifyApplication;

  beforeAll(async () => {
    silent = await startAsIngress({
      ...ingress.config,
      appservice: { ...ingress.config.appservice, silenceMs: 200 },
      // Longer than the tests: what is left without an answer is not known to have failed.
      homeserver: { ...ingress.config.homeserver, requestTimeoutMs: 600_000 },
    });
  }, 30_000);
  afterAll(async () => {
    ingress.homeserver.away = false;
    ingress.homeserver.hangs = false;
    await silent?.close();
  });

  const pings = async (outcome: 'reached' | 'failed'): Promise<number> =>
    (await ingress.counts('bridge_as_silence_pings_total', silent))[outcome] ?? 0;
  const ready = async (): Promise<unknown[]> => {
    const answer = await httpRequest(await silent.getUrl(), { method: 'GET', target: '/ready' });
    return [answer.status, (answer.json() as { details: object }).details];
  };

  it('asks the homeserver for a ping when no transaction comes', async () => {
    await until('a ping for the silence', async () => (await pings('reached')) > 0);
    expect(await ready()).toEqual([
      200,
      { transactions: 'none since the start; the homeserver reaches this bridge' },
    ]);
  });

  it('tells when the homeserver does not reach the bridge, which stays ready', async () => {
    ingress.homeserver.away = true;
    await until('a ping that fails', async () => (await pings('failed')) > 0);
    expect(await ready()).toEqual([
      200,
      { transactions: 'none since the start; the homeserver does not reach this bridge, see the log' },
    ]);
  });

  it('is content with the next transaction', async () => {
    // The silence that follows has to be told apart: of that one nothing is known.
    ingress.homeserver.hangs = true;
    const before = Date.now();
    await httpRequest(await silent.getUrl(), {
      method: 'PUT',
      target: `${basePath}/transactions/1`,
      headers: { authorization: `Bearer ${hsToken}` },
      body: events(),
    });
    const { transactions } = (await ready())[1] as { transactions: string };
    expect(transactions).toMatch(/^last \d{4}-[^;]*Z$/);
    const metric = await ingress.counts('bridge_as_last_transaction_timestamp_seconds', silent);
    expect(metric['']).toBeGreaterThanOrEqual(before / 1000);
  });
});
