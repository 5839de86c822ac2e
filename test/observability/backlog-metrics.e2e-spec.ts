import { setTimeout as wait } from 'node:timers/promises';
import { PermanentError, TransientError } from '@bridge/contracts';
import { ParkedConversationStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { queryDatabase } from '../support/database';
import { QueueFixture } from '../support/queue-fixture';
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

/** The lines about queues and dead letters of one reading of the metrics. */
async function read(metrics: Metrics): Promise<Record<string, number>> {
  const lines = (await metrics.registry.metrics()).split('\n');
  const told = lines.filter((line) => /^bridge_(queue_(pending|in|redel|oldest)|dead_letters)/.test(line));
  return Object.fromEntries(
    told.map((line) => [line.slice('bridge_'.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

/** What a process tells that only publishes. */
async function onlooker(): Promise<Metrics> {
  const metrics = new Metrics();
  new BacklogMetrics(await fixture.connection(), metrics);
  return metrics;
}

it('they tell what waits before there is a worker', async () => {
  const metrics = await onlooker();
  const queue = await fixture.publisher();
  for (const id of ['1', '2', '3']) await queue.publish('fhir.pull', 'ehr', { source: 'ehr' }, { id });
  const { 'queue_oldest_seconds{stream="MAPPING"}': oldest, ...counts } = await read(metrics);
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
  expect(oldest).toBeGreaterThan(0);
  const again = await until('an older message', async () => {
    const { 'queue_oldest_seconds{stream="MAPPING"}': now = 0 } = await read(metrics);
    return now > oldest! && now;
  });
  expect(again).toBeLessThan(30);
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
    const told = await read(metrics);
    return (
      told['queue_in_flight{stream="MAPPING"}'] === 2 &&
      told['queue_pending{stream="MAPPING"}'] === 1 &&
      told['queue_redelivered{stream="MAPPING"}'] === 1 &&
      told.dead_letters === 1
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
    const parkedNow = async () =>
      (await metrics.registry.metrics())
        .split('\n')
        .filter((line) => line.startsWith('bridge_parked_conversations'))
        .map((line) => line.slice('bridge_parked_conversations'.length));
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
  const metrics = await onlooker();
  metrics.counter('bridge_other_total', 'Another.').inc();
  expect(Object.keys(await read(metrics))).toHaveLength(9);
  fixture.server.process.kill('SIGKILL');
  await fixture.server.process.exited;
  const from = performance.now();
  await until('their absence', async () => Object.keys(await read(metrics)).length === 0);
  expect(await metrics.registry.metrics()).toContain('bridge_other_total 1');
  expect(performance.now() - from).toBeLessThan(5_000);
  await fixture.server.process.start();
  await until('their return', async () => Object.keys(await read(metrics)).length === 9);
}, 60_000);

it('a NATS server that says nothing holds a reading up for two seconds at most', async () => {
  const metrics = await onlooker();
  await read(metrics);
  fixture.server.process.kill('SIGSTOP');
  try {
    let seconds = 0;
    await until('their absence', async () => {
      const from = performance.now();
      const told = await read(metrics);
      seconds = (performance.now() - from) / 1000;
      return Object.keys(told).length === 0;
    });
    expect(seconds).toBeLessThan(2);
  } finally {
    fixture.server.process.kill('SIGCONT');
  }
}, 30_000);

it('a reading takes less than 100 ms with 32 partitions and a backlog', async () => {
  fixture.config = { ...fixture.config, partitions: 32 };
  const metrics = await onlooker();
  const queue = await fixture.publisher();
  await Promise.all(
    Array.from({ length: 1_000 }, (_, id) =>
      queue.publish('fhir.pull', `source ${id}`, { source: 'x' }, { id: String(id) }),
    ),
  );
  let done = false;
  await fixture.worker(async () => {
    // Nobody waits for these: the work is there as long as the metrics are read.
    if (!done) await wait(50);
  });
  const times: number[] = [];
  while (times.length < 20) {
    const from = performance.now();
    expect(Object.keys(await read(metrics))).toHaveLength(9);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  console.log(`A reading: median ${times[10]!.toFixed(1)} ms, longest ${times.at(-1)!.toFixed(1)} ms`);
  expect(await fixture.backlog()).toBeGreaterThan(0);
  done = true;
  expect(times[10]).toBeLessThan(100);
  await until('the empty queue', async () => (await fixture.backlog()) === 0);
}, 60_000);
