import { EventEmitter, once } from 'node:events';
import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bundle, Communication, Subscription } from '@medplum/fhirtypes';
import type { DeliveryReport } from './delivery-queue';
import { type FhirServer, startFhirServer } from './server';
import { TestClient } from './test-client';

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An endpoint that keeps what it gets; `answer` decides the status and may wait. */
class Receiver {
  readonly received: Received[] = [];
  answer: (nth: number) => number | Promise<number> = () => 204;
  private readonly arrivals = new EventEmitter();
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      this.received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      this.arrivals.emit('arrival');
      void Promise.resolve(this.answer(this.received.length)).then((status) =>
        response.writeHead(status).end(),
      );
    });
  });

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/notify/own`;
  }

  async count(wanted: number): Promise<readonly Received[]> {
    while (this.received.length < wanted) await once(this.arrivals, 'arrival');
    return this.received;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

let server: FhirServer;
let client: TestClient;
let receiver: Receiver;
let endpoint: string;
let reports: DeliveryReport[];

beforeEach(async () => {
  reports = [];
  server = await startFhirServer({
    port: 0,
    retryDelaysMs: [10, 20],
    onDelivery: (report) => reports.push(report),
  });
  client = new TestClient(server.baseUrl);
  receiver = new Receiver();
  endpoint = await receiver.start();
});

afterEach(async () => {
  await server.close();
  receiver.stop();
});

async function subscribe(
  criteria: string,
  channel: Partial<Subscription['channel']> = {},
  status: Subscription['status'] = 'requested',
): Promise<Subscription> {
  const answer = await client.call<Subscription>('POST', 'Subscription', {
    resourceType: 'Subscription',
    status,
    reason: 'test',
    criteria,
    channel: { type: 'rest-hook', endpoint, ...channel },
  });
  expect(answer.status).toBe(201);
  return answer.body;
}

async function say(text: string): Promise<Communication> {
  const answer = await client.call<Communication>('POST', 'Communication', {
    resourceType: 'Communication',
    status: 'completed',
    payload: [{ contentString: text }],
  });
  expect(answer.status).toBe(201);
  return answer.body;
}

/** Reads the Subscription until it has the status; the test's own time limit bounds it. */
async function untilStatus(id: string | undefined, status: Subscription['status']): Promise<Subscription> {
  for (;;) {
    const { body } = await client.call<Subscription>('GET', `Subscription/${id}`);
    if (body.status === status) return body;
  }
}

test('a requested Subscription is made active by the server', async () => {
  const { id } = await subscribe('Communication?');
  expect((await untilStatus(id, 'active')).meta?.versionId).toBe('2');
});

test('without a payload the endpoint gets an empty POST with the headers asked for', async () => {
  await subscribe('Communication?', { header: ['Authorization: Bearer a:b:c'] });
  await say('hello');

  const [notification] = await receiver.count(1);
  expect(notification).toMatchObject({ method: 'POST', url: '/notify/own', body: '' });
  expect(notification?.headers.authorization).toBe('Bearer a:b:c');
  expect(notification?.headers['content-type']).toBeUndefined();
});

test('with a payload the endpoint gets each version as an update, in the order of the writes', async () => {
  await subscribe('Communication?', { payload: 'application/fhir+json' }, 'active');
  const first = await say('one');
  await client.call('PUT', `Communication/${first.id}`, { ...first, status: 'entered-in-error' });
  const second = await say('two');

  const received = await receiver.count(3);
  expect(received.map(({ method, url }) => `${method} ${url}`)).toEqual([
    `PUT /notify/own/Communication/${first.id}`,
    `PUT /notify/own/Communication/${first.id}`,
    `PUT /notify/own/Communication/${second.id}`,
  ]);
  expect(received[0]?.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
  expect(JSON.parse(received[0]?.body ?? '')).toEqual(first);
  expect(JSON.parse(received[1]?.body ?? '')).toMatchObject({
    status: 'entered-in-error',
    meta: { versionId: '2' },
  });
});

test('only what matches the criteria is told, and no deletion', async () => {
  await subscribe('Communication?status=completed&part-of=CommunicationRequest/t', {
    payload: 'application/fhir+json',
  });
  const matching = {
    resourceType: 'Communication',
    status: 'completed',
    partOf: [{ reference: 'CommunicationRequest/t' }],
  };
  await say('in no thread');
  await client.call('POST', 'Communication', { ...matching, status: 'preparation' });
  await client.call('POST', 'Patient', { resourceType: 'Patient' });
  const { body: told } = await client.call('POST', 'Communication', matching);
  await client.call('DELETE', `Communication/${told.id}`);
  const { body: last } = await client.call('POST', 'Communication', matching);

  const received = await receiver.count(2);
  expect(received.map(({ url }) => url.split('/').at(-1))).toEqual([told.id, last.id]);
});

test('a parameter without a value in the criteria is ignored', async () => {
  await subscribe('Communication?id');
  await say('hello');
  expect(await receiver.count(1)).toHaveLength(1);
});

test('changes made while an empty POST is under way are told by one more', async () => {
  const releases: (() => void)[] = [];
  receiver.answer = (nth) => (nth <= 2 ? new Promise((resolve) => releases.push(() => resolve(204))) : 204);
  const { id } = await subscribe('Communication?');
  const active = await untilStatus(id, 'active');
  await say('one');
  await receiver.count(1);
  for (const text of ['two', 'three', 'four']) await say(text);
  releases[0]?.();
  await receiver.count(2);

  // With a payload the next notification can be told from an empty one, which would be ahead of it.
  await client.call('PUT', `Subscription/${id}`, {
    ...active,
    channel: { ...active.channel, payload: 'application/fhir+json' },
  });
  const five = await say('five');
  releases[1]?.();
  const received = await receiver.count(3);
  expect(received[2]?.url).toBe(`/notify/own/Communication/${five.id}`);
});

test('a notification that fails is repeated before the next one is sent', async () => {
  receiver.answer = (nth) => (nth < 3 ? 503 : 204);
  await subscribe('Communication?', { payload: 'application/fhir+json' });
  const first = await say('one');
  const second = await say('two');

  const received = await receiver.count(4);
  expect(received.map(({ url }) => url.split('/').at(-1))).toEqual([first.id, first.id, first.id, second.id]);
  expect(reports.slice(0, 3).map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
    [1, 503],
    [2, 503],
    [3, 204],
  ]);
});

test('a Subscription whose deliveries keep failing ends in error, and serves again once it is set active', async () => {
  receiver.answer = () => 500;
  const { id } = await subscribe('Communication?');
  await say('one');
  const failed = await untilStatus(id, 'error');
  expect(failed.error).toBe('POST failed 3 times, last with 500');
  await say('unheard');
  expect(receiver.received).toHaveLength(3);

  receiver.answer = () => 204;
  await client.call('PUT', `Subscription/${id}`, {
    ...failed,
    status: 'requested',
    channel: { ...failed.channel, endpoint: `${endpoint}/again` },
  });
  expect((await untilStatus(id, 'active')).error).toBeUndefined();
  await say('heard');
  expect((await receiver.count(4))[3]?.url).toBe('/notify/own/again');
});

test('an endpoint that is away does not hold up the writes', async () => {
  receiver.stop();
  const { id } = await subscribe('Communication?');
  await say('one');
  await untilStatus(id, 'error');
  expect(reports[0]?.outcome).toBe('ECONNREFUSED');
});

test.each(['off', 'deleted'])('a Subscription that is %s is told nothing more', async (end) => {
  const ended = await subscribe('Communication?', { endpoint: `${endpoint}/ended` });
  await subscribe('Communication?', { endpoint: `${endpoint}/other` });
  const { body: current } = await client.call<Subscription>('GET', `Subscription/${ended.id}`);
  if (end === 'off') await client.call('PUT', `Subscription/${ended.id}`, { ...current, status: 'off' });
  else await client.call('DELETE', `Subscription/${ended.id}`);
  await say('one');

  await receiver.count(1);
  await say('two');
  const received = await receiver.count(2);
  expect(received.map(({ url }) => url)).toEqual(['/notify/own/other', '/notify/own/other']);
});

test('what a failed transaction wrote is not told', async () => {
  await subscribe('Communication?', { payload: 'application/fhir+json' });
  const entry = (resource: unknown, more = {}) => ({
    resource,
    request: { method: 'POST', url: 'Communication', ...more },
  });
  const { status } = await client.call<Bundle>('POST', '', {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      entry({ resourceType: 'Communication', status: 'completed' }),
      entry({ resourceType: 'Communication', colour: 'red' }),
    ],
  });
  expect(status).toBe(400);
  const told = await say('told');
  const [only] = await receiver.count(1);
  expect(only?.url).toContain(told.id);
});

test.each([
  ['another channel', { channel: { type: 'email', endpoint: 'mailto:a@b' } }],
  ['XML', { channel: { type: 'rest-hook', endpoint: 'http://127.0.0.1', payload: 'application/fhir+xml' } }],
  ['no endpoint', { channel: { type: 'rest-hook' } }],
  [
    'a malformed header',
    { channel: { type: 'rest-hook', endpoint: 'http://127.0.0.1', header: ['secret'] } },
  ],
  ['an unknown parameter', { criteria: 'Communication?colour=red' }],
  ['an unknown type', { criteria: 'Message?' }],
])('a Subscription with %s is refused with 422', async (_name, wrong) => {
  const { status } = await client.call('POST', 'Subscription', {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'test',
    criteria: 'Communication?',
    channel: { type: 'rest-hook', endpoint },
    ...wrong,
  });
  expect(status).toBe(422);
});

test('closing breaks off a delivery that hangs', async () => {
  receiver.answer = () => new Promise(() => undefined);
  await subscribe('Communication?');
  await say('one');
  await receiver.count(1);
  const before = Date.now();
  await server.close();
  expect(Date.now() - before).toBeLessThan(1_000);
  expect(reports).toEqual([]);
  server = await startFhirServer({ port: 0 });
});
