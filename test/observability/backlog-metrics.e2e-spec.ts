import { PermanentError, TransientError } from '@bridge/contracts';
import { ParkedConversationStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { queryDatabase } from '../support/database';
import { QueueFixture } from '../support/queue-fixture';
import { readBacklog } from '../support/backlog-gauges';
import { openStores } from '../support/stores';
import { until } from '../support/until';
import { BacklogMetrics } from '../../libs/queue/src/backlog-metrics';

/* The gauges of the queues, as a process tells them, beside what a real nats-server holds. */

let fixture: QueueFixture;

beforeAll(async () => {
  fixture = await QueueFixture.start();
}, 30_000);

afterAll(() => fixture?.stop(), 30_000);
afterEach(() => fixture.endTest(), 30_000);

/** What is told when JetStream answers in time: all of it. */
const told = (metrics: Metrics) =>
  until('an answer in time', async () => {
    const gauges = await readBacklog(metrics);
    return Object.keys(gauges).length === 9 && gauges;
  });

/** What a process tells that only publishes. */
async function onlooker(): Promise<Metrics> {
  const metrics = new Metrics();
  new BacklogMetrics(await fixture.connection(), metrics);
  return metrics;
}

it('they tell what waits before there is a worker', async () => {
  const metrics = await onlooker();
  const queue = await fixture.publisher();
  const from = performance.now();
  for (const id of ['1', '2', '3']) await queue.publish('fhir.pull', 'ehr', { source: 'ehr' }, { id });
  const { 'queue_oldest_seconds{stream="MAPPING"}': oldest = 0, ...counts } = await told(metrics);
  expect(counts).toEqual({
    'queue_pending{stream="MAPPING"}': 3,
    'queue_in_flight{stream="MAPPING"}': 0,
    'queue_redelivered{stream="MAPPING"}': 0,
    'queue_pending{stream="ROOMS"}': 0,
    'queue_in_flight{stream="ROOMS"}': 0,
    'queue_redelivered{stream="ROOMS"}': 0,
    'queue_oldest_seconds{stream="ROOMS"}': 0,
    dead_letters: 0,
  });
  // In whole milliseconds, of which none may have passed yet.
  const again = await until('an older message', async () => {
    const { 'queue_oldest_seconds{stream="MAPPING"}': now = 0 } = await readBacklog(metrics);
    return now > oldest && now;
  });
  expect(again).toBeLessThanOrEqual((performance.now() - from + 1) / 1000);
}, 30_000);

it('they tell what a worker has, what waits for its next try, and what was given up', async () => {
  const metrics = await onlooker();
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await fixture.worker(async ({ source }) => {
    if (source === 'slow') await released;
    if (source === 'bad') throw new PermanentError('fhir-refused', 'Refused.', { advice: 'Look.' });
    if (source === 'again') throw new TransientError('away', 'Away.', { advice: 'Wait.', retryAfterMs: 1 });
  });
  const queue = await fixture.publisher();
  // Each key in a partition of its own, so that none waits behind another.
  const keys = { slow: 'a', again: 'b', bad: 'c', behind: 'a' };
  for (const [source, key] of Object.entries(keys))
    await queue.publish('fhir.pull', key, { source }, { id: source });
  await until('all of it', async () => {
    const gauges = await readBacklog(metrics);
    return (
      gauges['queue_in_flight{stream="MAPPING"}'] === 2 &&
      gauges['queue_pending{stream="MAPPING"}'] === 1 &&
      gauges['queue_redelivered{stream="MAPPING"}'] === 1 &&
      gauges.dead_letters === 1
    );
  });
  release();
}, 30_000);

it('a worker tells how many conversations are parked, of both queues', async () => {
  await queryDatabase(process.env.TEST_DATABASE_URL!, 'DELETE FROM parked_conversation');
  const stores = await openStores();
  try {
    const parked = stores.get(ParkedConversationStore);
    const { metrics } = await fixture.worker(() => undefined, { parked });
    const parkedNow = () =>
      until('an answer in time', async () => {
        const lines = (await metrics.registry.metrics())
          .split('\n')
          .filter((line) => line.startsWith('bridge_parked_conversations'))
          .map((line) => line.slice('bridge_parked_conversations'.length));
        return lines.length > 0 && lines;
      });
    expect(await parkedNow()).toEqual(['{stream="MAPPING"} 0', '{stream="ROOMS"} 0']);

    const failed = { parking: 'p', failureClass: 'fhir-refused' };
    for (const key of ['Room/1', 'Room/2']) await parked.park({ stream: 'MAPPING', key, ...failed });
    await parked.park({ stream: 'ROOMS', key: 'Room/1', ...failed });
    expect(await parkedNow()).toEqual(['{stream="MAPPING"} 2', '{stream="ROOMS"} 1']);

    await parked.lift({ stream: 'MAPPING', key: 'Room/1', parking: 'p' }, async () => true);
    expect(await parkedNow()).toEqual(['{stream="MAPPING"} 1', '{stream="ROOMS"} 1']);
  } finally {
    await queryDatabase(process.env.TEST_DATABASE_URL!, 'DELETE FROM parked_conversation');
    await stores.close();
  }
}, 30_000);

it('they are absent, and the others are not, while NATS is away; and they come back', async () => {
  const connection = await fixture.connection();
  const metrics = new Metrics();
  new BacklogMetrics(connection, metrics);
  metrics.counter('bridge_other_total', 'Another.').inc();
  await told(metrics);
  fixture.server.process.kill('SIGKILL');
  await fixture.server.process.exited;
  await until('the broken connection', () => !connection.connected);
  expect(await readBacklog(metrics)).toEqual({});
  expect(await metrics.registry.metrics()).toContain('bridge_other_total 1');
  await fixture.server.process.start();
  await told(metrics);
}, 60_000);
