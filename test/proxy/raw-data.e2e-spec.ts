import { ReportQueue } from '../../apps/messenger-proxy/src/raw-data/report-queue';
import { type Delivered, ReportReceiver } from '../../apps/messenger-proxy/src/raw-data/report-receiver';
import { REPORT_STREAM } from '../../apps/messenger-proxy/src/raw-data/report-stream';
import { TestServer } from '../../apps/messenger-proxy/src/server/test-server';
import { InspectedQueue } from '../support/inspected-queue';
import { until } from '../support/until';

const HOUR_MS = 3_600_000;
let server: InspectedQueue;
let receiver: TestServer;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await InspectedQueue.start();
});
beforeEach(async () => {
  receiver = await TestServer.start();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
  await receiver.stop();
  await server.manager.streams.delete(REPORT_STREAM).catch(() => undefined);
});
afterAll(() => server.stop());

/** A replica that sends to the receiver of the test. */
function replica({ maxBytes = 2 ** 20, maxAgeMs = HOUR_MS } = {}) {
  const post = new ReportReceiver(receiver.url);
  const outcomes: Delivered[] = [];
  let lost = 0;
  const queue = new ReportQueue({
    url: server.server.url,
    limits: { maxBytes, maxAgeMs, replicas: 1 },
    post: (report, signal) => post.post(report, signal),
    onLost: () => (lost += 1),
    onDelivered: (outcome) => outcomes.push(outcome),
    onAway: () => undefined,
  });
  queue.start();
  opened.push({
    close: async () => {
      await queue.close();
      await post.close();
    },
  });
  return { queue, outcomes, lost: () => lost };
}

const isReady = (queue: ReportQueue) => until('the queue', async () => (await queue.waiting()) !== undefined);
const seenNumbers = () =>
  receiver.seen.map(({ body }) => (JSON.parse(body.toString()) as { number: number }).number);

function putAll(queue: ReportQueue, count: number, from = 0): void {
  for (let number = from; number < from + count; number += 1) queue.put({ number });
}

describe('reports', () => {
  it('are sent by several replicas, each once', async () => {
    const replicas = [replica(), replica()];
    for (const { queue } of replicas) await isReady(queue);
    putAll(replicas[0]!.queue, 300);
    await until('all', () => receiver.seen.length >= 300);
    await until('an empty queue', async () => (await replicas[1]!.queue.waiting()) === 0);
    expect(seenNumbers().sort((a, b) => a - b)).toEqual(
      Array.from({ length: 300 }, (_value, index) => index),
    );
    expect(replicas.map(({ outcomes }) => outcomes.length > 0)).toEqual([true, true]);
    expect(replicas[0]!.lost()).toBe(0);
  });

  it('wait for a receiver that is away, and outlive the queue’s own restart', async () => {
    const { queue, outcomes } = replica();
    await isReady(queue);
    receiver.says = { status: 503 };
    putAll(queue, 3);
    await until('a try', () => outcomes.includes('later'));
    await server.killServer();
    await server.startServerAgain();
    receiver.says = {};
    await until('all', () => outcomes.filter((outcome) => outcome === 'sent').length >= 3, 60_000);
    await until('an empty queue', async () => (await queue.waiting()) === 0);
  }, 90_000);

  it('that the receiver refuses are dropped', async () => {
    const { queue, outcomes } = replica();
    await isReady(queue);
    receiver.says = { status: 400 };
    putAll(queue, 2);
    await until('an empty queue', async () => outcomes.length === 2 && (await queue.waiting()) === 0);
    expect(outcomes).toEqual(['refused', 'refused']);
    expect(receiver.seen).toHaveLength(2);
  });

  it('push out the oldest where there is no room for more', async () => {
    receiver.answer = (request) => request.socket.destroy();
    const { queue, lost } = replica({ maxBytes: 8_192 });
    await isReady(queue);
    putAll(queue, 500);
    await until(
      'the last',
      async () => (await server.manager.streams.info(REPORT_STREAM)).state.last_seq === 500,
    );
    const { state } = await server.manager.streams.info(REPORT_STREAM);
    expect(state.messages).toBeLessThan(500);
    expect(state.bytes).toBeLessThanOrEqual(8_192);
    const newest = await server.manager.streams.getMessage(REPORT_STREAM, { seq: 500 });
    expect(newest.json()).toEqual({ number: 499 });
    expect(lost()).toBe(0);
  });

  it('go on after somebody has deleted the stream', async () => {
    const { queue, outcomes } = replica();
    await isReady(queue);
    await server.manager.streams.delete(REPORT_STREAM);
    await until('a report', async () => {
      queue.put({ number: 1 });
      return outcomes.includes('sent');
    });
  }, 60_000);
});

describe('weakness 4: a call that waits for its report', () => {
  it('does not, though the queue stands still; what it cannot take is lost and counted', async () => {
    const { queue, lost } = replica();
    await isReady(queue);
    server.server.process.kill('SIGSTOP');
    try {
      const from = performance.now();
      putAll(queue, 3_000);
      expect(performance.now() - from).toBeLessThan(1_000);
      expect(lost()).toBe(2_000);
    } finally {
      server.server.process.kill('SIGCONT');
    }
    await until('those that were under way', () => receiver.seen.length + lost() >= 3_000, 60_000);
  }, 90_000);

  it('does not where there is no queue, which is used as soon as there is one', async () => {
    await server.killServer();
    const { queue, outcomes, lost } = replica();
    queue.put({ number: 1 });
    expect(lost()).toBe(1);
    expect(await queue.waiting()).toBeUndefined();
    await server.startServerAgain();
    await isReady(queue);
    queue.put({ number: 2 });
    await until('a report', () => outcomes.includes('sent'));
    expect(seenNumbers()).toEqual([2]);
  }, 60_000);
});
