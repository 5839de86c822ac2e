import { TransientError } from '@bridge/contracts';
import { Metrics } from '@bridge/platform';
import { type Publication, QueuePublisher } from '@bridge/queue';
import { freePorts } from '../deploy/local/src/free-port';
import { TcpProxy } from './chaos/tcp-proxy';
import { HandledNumbers } from './support/numbered-messages';
import { QueueFixture } from './support/queue-fixture';
import { until } from './support/until';

let fixture: QueueFixture;
let link: TcpProxy;

beforeAll(async () => {
  fixture = await QueueFixture.start();
  const [port] = (await freePorts(1)) as [number];
  link = await TcpProxy.start(port, [Number(new URL(fixture.server.url).port)]);
  fixture.config = { ...fixture.config, url: `nats://127.0.0.1:${port}` };
}, 30_000);

afterAll(async () => {
  await fixture?.endTest();
  await link?.stop();
  await fixture?.stop();
});

const several: readonly Publication[] = Array.from({ length: 40 }, (_, number) => ({
  kind: 'fhir.pull',
  data: { source: `room:${number}` },
  id: String(number),
}));

/** As a comparison of a Room does, which is tried again with all of its messages until the queue has them. */
async function publishAll(queue: QueuePublisher): Promise<number> {
  let refusals = 0;
  await until('the queue to take them', () =>
    queue.publishInOrder('room', several).catch((error: unknown) => {
      if (!(error instanceof TransientError)) throw error;
      refusals += 1;
      return undefined;
    }),
  );
  return refusals;
}

async function confirmed(metrics: Metrics): Promise<number> {
  const line = /^bridge_queue_published_total\{.*duplicate="false".*\} (\d+)$/m.exec(
    await metrics.registry.metrics(),
  );
  return Number(line?.[1] ?? 0);
}

it('messages of one key keep their order when one of them is lost with the connection', async () => {
  const metrics = new Metrics();
  const queue = new QueuePublisher(await fixture.connection(), metrics);
  // So long that what is on its way is still there when it is known to be.
  link.become({ kind: 'slow', delayMs: 40 });
  const publishing = publishAll(queue);
  // All that is stored is confirmed as well: the next one has left and has not arrived.
  await until('a message on its way', async () => {
    const stored = await fixture.backlog();
    return stored >= 10 && stored === (await confirmed(metrics));
  });
  link.cut();
  expect(await fixture.backlog()).toBeLessThan(several.length);
  link.clear();
  expect(await publishing).toBeGreaterThan(0);

  const log = new HandledNumbers();
  await fixture.worker((message) => void log.add(message));
  await until('the empty queue', async () => (await fixture.backlog()) === 0);
  expect(log.orderViolations).toEqual([]);
  expect({ size: log.size, repeats: log.repeats }).toEqual({ size: several.length, repeats: 0 });
}, 60_000);
