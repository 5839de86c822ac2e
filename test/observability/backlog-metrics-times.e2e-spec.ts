import { setTimeout as wait } from 'node:timers/promises';
import { Metrics } from '@bridge/platform';
import { readBacklog } from '../support/backlog-gauges';
import { QueueFixture } from '../support/queue-fixture';
import { until } from '../support/until';
import { BacklogMetrics } from '../../libs/queue/src/backlog-metrics';

/* How long a reading of the queues' gauges takes, on a real nats-server. */

let fixture: QueueFixture;

beforeAll(async () => {
  fixture = await QueueFixture.start();
}, 30_000);

afterAll(() => fixture?.stop(), 30_000);
afterEach(() => fixture.endTest(), 30_000);

/** What a process tells that only publishes. */
async function onlooker(): Promise<Metrics> {
  const metrics = new Metrics();
  new BacklogMetrics(await fixture.connection(), metrics);
  return metrics;
}

it('a NATS server that says nothing holds a reading up for two seconds at most', async () => {
  const metrics = await onlooker();
  await readBacklog(metrics);
  fixture.server.process.kill('SIGSTOP');
  try {
    let seconds = 0;
    await until('their absence', async () => {
      const from = performance.now();
      const told = await readBacklog(metrics);
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
    expect(Object.keys(await readBacklog(metrics))).toHaveLength(9);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  console.log(`A reading: median ${times[10]!.toFixed(1)} ms, longest ${times.at(-1)!.toFixed(1)} ms`);
  expect(await fixture.backlog()).toBeGreaterThan(0);
  done = true;
  expect(times[10]).toBeLessThan(100);
  await until('the empty queue', async () => (await fixture.backlog()) === 0);
}, 60_000);
