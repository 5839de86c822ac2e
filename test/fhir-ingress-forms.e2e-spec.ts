import { createHmac } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startFhirIngress } from '../apps/fhir-ingress/src/start-fhir-ingress';
import { fhirIngressConfig } from './support/fhir-ingress-config';
import { httpRequest, type HttpAnswer } from './support/http-request';
import { InspectedQueue } from './support/inspected-queue';
import { until } from './support/until';
import * as classic from './support/classic-notifications';
import { HEALTH_DATA, type AsSent } from './support/notification-as-sent';
import * as topic from './support/topic-notifications';

/*
 * Every published form of notification, as the sender sends it: method, path, headers and bytes. What each source is
 * and how it shows who it is stands in the configuration below.
 */

const SECRET = 'secret-of-every-source';

let queue: InspectedQueue;
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  queue = await InspectedQueue.start();
  const config = fhirIngressConfig(queue.server.url, {
    FHIR_NOTIFICATION_SECRETS: `ehr=${SECRET},medplum=${SECRET}`,
    FHIR_NOTIFICATION_SOURCES: JSON.stringify({ medplum: { signatureHeader: 'X-Signature' } }),
  });
  app = await startFhirIngress(config);
  url = await app.getUrl();
  await until('the first pulls', async () => (await queue.held('MAPPING')).length === 2);
}, 60_000);

afterAll(async () => {
  await app?.close();
  await queue?.stop();
});

beforeEach(() => queue.empty('MAPPING', 'DEAD_LETTERS'));

/** Sends what a sender sends, with the secret that its Subscription was given. */
function send({ method, target, headers, body }: AsSent): Promise<HttpAnswer> {
  const authorization = `Bearer ${SECRET}`;
  return httpRequest(url, { method, target, headers: { ...headers, authorization }, body });
}

/** As Medplum signs. */
function sendSigned({ method, target, headers, body = '' }: AsSent): Promise<HttpAnswer> {
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  return httpRequest(url, { method, target, headers: { ...headers, 'x-signature': signature }, body });
}

/** Checks the answer, and that nothing of the resources is anywhere in the queue. @returns what was queued */
async function queuedBy(
  answer: Promise<HttpAnswer>,
): Promise<{ kind: string; key: string; data: unknown }[]> {
  const { status, text, headers } = await answer;
  expect([status, text, headers['content-type']]).toEqual([204, '', undefined]);
  expect(await queue.held('DEAD_LETTERS')).toEqual([]);
  const held = await queue.held('MAPPING');
  for (const message of held) expect(message.payload.toString()).not.toContain(HEALTH_DATA);
  return held.map((message) => ({
    kind: message.subject.split('.').slice(2).join('.'),
    key: message.header('Bridge-Key'),
    data: JSON.parse(message.payload.toString()) as unknown,
  }));
}

const pull = (source: string, more: object = {}) => ({
  kind: 'fhir.pull',
  key: source,
  data: { source, ...more },
});
const notified = (subscription: string, told: object) => ({
  kind: 'fhir.notified',
  key: `ehr ${subscription}`,
  data: { source: 'ehr', subscription, ...told },
});

describe('classic Subscriptions', () => {
  it('an empty POST: any type may have changed (HAPI, Koppeltaal, OZO, R4 without payload)', async () => {
    expect(await queuedBy(send(classic.emptyPost))).toEqual([pull('ehr')]);
    expect(await queuedBy(send({ ...classic.emptyPost, target: '/notify/ehr/' }))).toHaveLength(2);
  });

  it('an empty POST to a type: something of it has changed', async () => {
    const toType = { ...classic.emptyPost, target: '/notify/ehr/Communication' };
    expect(await queuedBy(send(toType))).toEqual([pull('ehr', { types: ['Communication'] })]);
  });

  it('an empty POST to the id of a Task (eOverdracht)', async () => {
    expect(await queuedBy(send(classic.eOverdracht))).toEqual([pull('ehr')]);
  });

  it('PUT of the resource (HAPI, Firely, R4 with payload)', async () => {
    expect(await queuedBy(send(classic.hapiPut))).toEqual([pull('ehr', { types: ['Communication'] })]);
  });

  it('DELETE of the resource (HAPI)', async () => {
    expect(await queuedBy(send(classic.hapiDelete))).toEqual([
      pull('ehr', { types: ['Communication'], gone: ['Communication/1007'] }),
    ]);
  });

  it('a transaction with what a search finds (HAPI)', async () => {
    expect(await queuedBy(send(classic.hapiTransaction))).toEqual([
      pull('ehr', { types: ['Communication', 'Patient'] }),
    ]);
  });

  it('POST of the resource to its type (Firely)', async () => {
    expect(await queuedBy(send(classic.firelyCreate))).toEqual([pull('ehr', { types: ['Communication'] })]);
  });

  it('POST of a Task (Notified Pull)', async () => {
    expect(await queuedBy(send(classic.notifiedPull))).toEqual([pull('ehr', { types: ['Task'] })]);
  });

  it('POST of the signed resource (Medplum)', async () => {
    expect(await queuedBy(sendSigned(classic.medplumUpdate))).toEqual([
      pull('medplum', { types: ['Communication'] }),
    ]);
  });

  it('a signed deletion (Medplum)', async () => {
    expect(await queuedBy(sendSigned(classic.medplumDelete))).toEqual([
      pull('medplum', { types: ['Communication'], gone: [`Communication/${classic.MEDPLUM_ID}`] }),
    ]);
  });

  it('a push of Google Pub/Sub: any type may have changed', async () => {
    expect(await queuedBy(send(classic.pubSubPush))).toEqual([pull('ehr')]);
  });

  it('events of Azure Event Grid are kept in the dead letters, and any type may have changed', async () => {
    expect((await send(classic.eventGrid)).status).toBe(204);
    expect(await queue.held('DEAD_LETTERS')).toHaveLength(1);
    expect(await queue.heldJson('MAPPING')).toEqual([{ source: 'ehr' }]);
  });
});

describe('topic-based Subscriptions', () => {
  it('R4 backport: a handshake', async () => {
    expect(await queuedBy(send(topic.r4Handshake))).toEqual([
      notified('admission', { kind: 'handshake', status: 'requested', eventsSinceStart: 0, events: [] }),
    ]);
  });

  it('R4 backport: events with empty content', async () => {
    expect(await queuedBy(send(topic.r4Empty))).toEqual([
      notified('admission', {
        kind: 'event-notification',
        status: 'active',
        eventsSinceStart: 2,
        events: [{ number: 2 }],
      }),
    ]);
  });

  it('R4 backport: events with full resources', async () => {
    expect(await queuedBy(send(topic.r4FullResource))).toEqual([
      notified('admission', {
        kind: 'event-notification',
        status: 'active',
        eventsSinceStart: 3,
        events: [{ number: 3, focus: 'Communication/c-3' }],
      }),
    ]);
  });

  it('R4 backport as HAPI builds it: no time of day, and the type twice in the focus', async () => {
    expect(await queuedBy(send(topic.hapiR4Topic))).toEqual([
      notified('1002', {
        kind: 'event-notification',
        status: 'active',
        eventsSinceStart: 1,
        events: [{ number: 1, focus: 'Communication/1007' }],
      }),
    ]);
  });

  it('R4B: a heartbeat', async () => {
    expect(await queuedBy(send(topic.r4bHeartbeat))).toEqual([
      notified('admission', { kind: 'heartbeat', status: 'active', eventsSinceStart: 2, events: [] }),
    ]);
  });

  it('R5: events with ids alone', async () => {
    expect(await queuedBy(send(topic.r5IdOnly))).toEqual([
      notified('admission', {
        kind: 'event-notification',
        status: 'active',
        eventsSinceStart: 310,
        events: [
          { number: 309, focus: 'Communication/c-8' },
          { number: 310, focus: 'Communication/c-9' },
        ],
      }),
    ]);
  });

  it('R5: events with full resources (Microsoft, AWS HealthLake, HAPI)', async () => {
    expect(await queuedBy(send(topic.r5FullResource))).toEqual([
      notified('admission', {
        kind: 'event-notification',
        status: 'active',
        eventsSinceStart: 4,
        events: [{ number: 4, focus: 'Communication/c-4' }],
      }),
    ]);
  });

  it.each(['query-status', 'query-event'] as const)('R5: %s', async (type) => {
    const [message] = await queuedBy(send(topic.r5Query(type)));
    expect(message).toMatchObject(notified('admission', { kind: type }));
  });

  it('a Subscription in error says so', async () => {
    const [message] = await queuedBy(send(topic.r5Error));
    expect(message).toMatchObject(notified('admission', { kind: 'query-status', status: 'error' }));
  });

  it('the same bytes, which tell their time, are one notification, sent twice', async () => {
    await send(topic.r5Many(2));
    expect(await queuedBy(send(topic.r5Many(2)))).toHaveLength(1);
    expect(await queuedBy(send(topic.r5Many(3)))).toHaveLength(2);
  });

  it('the same bytes of a server that does not tell times are two: it may have begun to count again', async () => {
    await send(topic.hapiR4Topic);
    expect(await queuedBy(send(topic.hapiR4Topic))).toHaveLength(2);
  });

  it('every heartbeat counts', async () => {
    await send(topic.r4bHeartbeat);
    expect(await queuedBy(send(topic.r4bHeartbeat))).toHaveLength(2);
  });

  it('more events than one queue message holds are told in order, the count with the last', async () => {
    const queued = await queuedBy(send(topic.r5Many(4500)));
    const told = queued.map(
      ({ data }) => data as { events: { number: number }[]; eventsSinceStart?: number },
    );
    expect(told.map(({ events }) => events.length)).toEqual([2000, 2000, 500]);
    expect(told.flatMap(({ events }) => events.map(({ number }) => number))).toEqual(
      Array.from({ length: 4500 }, (_, index) => index + 1),
    );
    expect(told.map(({ eventsSinceStart }) => eventsSinceStart)).toEqual([undefined, undefined, 4500]);
  });

  it('a malformed one is kept in the dead letters, and any type may have changed', async () => {
    expect((await send(topic.r5WithoutNumber)).status).toBe(204);
    const [letter, ...more] = await queue.held('DEAD_LETTERS');
    expect(more).toEqual([]);
    expect(letter?.payload.toString()).toBe(topic.r5WithoutNumber.body);
    expect(letter?.header('Bridge-Reason')).toContain('a SubscriptionStatus of another form');
    expect(await queue.heldJson('MAPPING')).toEqual([{ source: 'ehr' }]);
  });
});
