import { EventEmitter, once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bundle, CapabilityStatement, Parameters, Subscription } from '@medplum/fhirtypes';
import { type FhirServer, startFhirServer } from './server';
import { TestClient, communication } from './test-client';
import { backport, topicOf } from './topic-subscription';

let server: FhirServer;
let client: TestClient;
let receiver: Server;
let answer: number;
let received: Bundle[];
const arrivals = new EventEmitter();

beforeEach(async () => {
  answer = 204;
  received = [];
  server = await startFhirServer({ port: 0, retryDelaysMs: [10] });
  client = new TestClient(server.baseUrl);
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push(JSON.parse(Buffer.concat(chunks).toString()) as Bundle);
      response.writeHead(answer).end();
      arrivals.emit('arrival');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});

afterEach(async () => {
  await server.close();
  receiver.close();
});

async function arrived(count: number): Promise<Bundle[]> {
  while (received.length < count) await once(arrivals, 'arrival');
  return received;
}

function subscription(content: string, heartbeat?: number): Subscription {
  const payloadContent = { url: `${backport}backport-payload-content`, valueCode: content };
  return {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'test',
    criteria: topicOf('Communication'),
    channel: {
      type: 'rest-hook',
      endpoint: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
      payload: 'application/fhir+json',
      ...{ _payload: { extension: [payloadContent] } },
      ...(heartbeat
        ? { extension: [{ url: `${backport}backport-heartbeat-period`, valueUnsignedInt: heartbeat }] }
        : {}),
    },
  };
}

/** What a Bundle's Parameters say: by name, and the numbers and foci of its events. */
function told({ entry }: Bundle) {
  const parameters = entry?.[0]?.resource as Parameters;
  const value = (name: string) => {
    const found = parameters.parameter?.find((each) => each.name === name);
    return found?.valueCode ?? found?.valueString;
  };
  const events = parameters.parameter?.filter(({ name }) => name === 'notification-event') ?? [];
  return {
    type: value('type'),
    status: value('status'),
    count: value('events-since-subscription-start'),
    events: events.map(({ part = [] }) => [part[0]?.valueString, part[2]?.valueReference?.reference]),
  };
}

test('a topic-based Subscription is greeted, then told of every change with its number', async () => {
  await client.create(subscription('id-only'));
  const { id } = await client.create(communication('$1'));
  await client.call('DELETE', `Communication/${id}`);
  await client.create({ resourceType: 'Patient' });
  const bundles = await arrived(3);
  expect(bundles.map(({ type }) => type)).toEqual(['history', 'history', 'history']);
  const focus = `${server.baseUrl}/Communication/${id}`;
  expect(bundles.map(told)).toEqual([
    { type: 'handshake', status: 'requested', count: '0', events: [] },
    { type: 'event-notification', status: 'active', count: '1', events: [['1', focus]] },
    { type: 'event-notification', status: 'active', count: '2', events: [['2', focus]] },
  ]);
  expect(bundles[1]?.entry?.[1]).toMatchObject({ request: { method: 'POST', url: 'Communication' } });
  expect(bundles[1]?.entry?.[1]).not.toHaveProperty('resource');
  expect(bundles[2]?.entry?.[1]).toMatchObject({ request: { method: 'DELETE' } });
});

test('content can be the whole resource, or none at all', async () => {
  await client.create(subscription('full-resource'));
  await client.create(subscription('empty'));
  await client.create(communication('$1'));
  const bundles = (await arrived(4)).filter((bundle) => told(bundle).type === 'event-notification');
  const full = bundles.find(({ entry = [] }) => entry.length === 2);
  const empty = bundles.find(({ entry = [] }) => entry.length === 1);
  expect(full?.entry?.[1]?.resource).toMatchObject({ resourceType: 'Communication' });
  expect(told(empty!).events).toEqual([['1', undefined]]);
});

test('$events tells again of the events that were asked for, $status of none', async () => {
  const { id } = await client.create(subscription('id-only'));
  for (const event of ['$1', '$2', '$3']) await client.create(communication(event));
  const again = await client.call<Bundle>(
    'GET',
    `Subscription/${id}/$events?eventsSinceNumber=2&eventsUntilNumber=2`,
  );
  expect(told(again.body)).toMatchObject({ type: 'query-event', count: '3' });
  expect(told(again.body).events.map(([number]) => number)).toEqual(['2']);
  const status = await client.call<Bundle>('GET', `Subscription/${id}/$status`);
  expect(status.body.type).toBe('searchset');
  expect(told(status.body)).toEqual({ type: 'query-status', status: 'active', count: '3', events: [] });
  expect((await client.call('GET', 'Subscription/unknown/$status')).status).toBe(404);
});

test('an endpoint that refuses ends in error; requested again, the count goes on', async () => {
  const { id } = await client.create(subscription('id-only'));
  await arrived(1);
  answer = 500;
  await client.create(communication('$1'));
  await arrived(3);
  const status = async () => told((await client.call<Bundle>('GET', `Subscription/${id}/$status`)).body);
  expect(await status()).toMatchObject({ status: 'error', count: '1' });
  answer = 204;
  const { body } = await client.call<Subscription>('GET', `Subscription/${id}`);
  await client.call('PUT', `Subscription/${id}`, { ...body, status: 'requested' });
  await client.create(communication('$2'));
  expect(told((await arrived(5))[4]!)).toMatchObject({ count: '2' });
});

test('a quiet Subscription gives the sign of life that was agreed', async () => {
  await client.create(subscription('empty', 1));
  expect(told((await arrived(2))[1]!)).toEqual({
    type: 'heartbeat',
    status: 'active',
    count: '0',
    events: [],
  });
});

test('the CapabilityStatement names the topics', async () => {
  const { body } = await client.call<CapabilityStatement>('GET', 'metadata');
  const resource = body.rest?.[0]?.resource?.find(({ type }) => type === 'Subscription');
  const canonicals = resource?.extension?.map(({ valueCanonical }) => valueCanonical);
  expect(canonicals).toContain(topicOf('Communication'));
});
