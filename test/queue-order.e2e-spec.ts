import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { TransientError } from '@bridge/contracts';
import { HandledNumbers, publishNumbered } from './support/numbered-messages';
import { QueueFixture } from './support/queue-fixture';
import { startQueueWorker, type Handle } from './support/queue-worker';
import { until } from './support/until';

let fixture: QueueFixture;

beforeAll(async () => {
  fixture = await QueueFixture.start();
}, 30_000);

afterAll(() => fixture?.stop());

afterEach(() => fixture.endTest());

describe('order', () => {
  it('is kept per key over two workers, one of which crashes, and nothing is lost', async () => {
    fixture.config = { ...fixture.config, ackWaitMs: 1_500 };
    const handledBy = { a: 0, b: 0 };
    const log = new HandledNumbers();
    const a = await fixture.worker(async (message) => {
      await wait(5);
      handledBy.a += 1;
      log.add(message);
    });
    await fixture.worker(async (message) => {
      await wait(5);
      handledBy.b += 1;
      log.add(message);
    });

    const publishing = publishNumbered(await fixture.publisher(), { keys: 10, perKey: 30 });
    await log.reaches(60);
    await a.crash();
    await publishing;

    await log.reaches(300);
    expect(log.orderViolations).toEqual([]);
    expect(handledBy.a).toBeGreaterThan(0);
    expect(handledBy.b).toBeGreaterThan(0);
  }, 60_000);

  it('is kept when a message is given back to be tried again', async () => {
    const tried: unknown[] = [];
    await fixture.worker(({ source }, { attempts }) => {
      tried.push(source);
      if (source === '1' && attempts < 3) throw new TransientError('busy', 'Busy.', { advice: 'Wait.' });
    });
    const queue = await fixture.publisher();
    for (const source of ['1', '2', '3'])
      await queue.publish('fhir.pull', 'room', { source }, { id: source });

    await until('the third message', () => tried.includes('3'));
    expect(tried).toEqual(['1', '1', '1', '2', '3']);
  });

  it('is kept, and nothing waits for an ack that never comes, while workers come and go', async () => {
    fixture.config = { ...fixture.config, ackWaitMs: 300_000 };
    const log = new HandledNumbers();
    const handle: Handle = async (message) => {
      await wait(1);
      log.add(message);
    };
    await fixture.worker(handle);
    const publishing = publishNumbered(await fixture.publisher(), { keys: 10, perKey: 60 });
    for (let round = 0; round < 4; round += 1) {
      const passing = await startQueueWorker({ config: fixture.config, handle });
      await log.reaches(log.size + 20);
      await passing.close();
    }
    await publishing;
    // Far below ack_wait: a message that a closing worker had taken along would come five minutes later.
    await log.reaches(600);
    expect(log.orderViolations).toEqual([]);
    expect(log.repeats).toBe(0);
  }, 60_000);
});

describe('a break', () => {
  it('of the server by SIGKILL loses nothing and keeps the order', async () => {
    fixture.config = { ...fixture.config, ackWaitMs: 5_000 };
    const log = new HandledNumbers();
    const { readiness, publisher } = await fixture.worker(async (message) => {
      await wait(5);
      log.add(message);
    });
    const publishing = publishNumbered(publisher, { keys: 10, perKey: 40 });
    await log.reaches(100);

    fixture.server.process.kill('SIGKILL');
    await fixture.server.process.exited;
    await until('the broken connection', async () => (await readiness.report()).checks['nats'] !== 'up');
    const refusal = publisher
      .publish('fhir.pull', 'ehr', { source: 'x' }, { id: 'x' })
      .catch((error: unknown) => error);
    // Before anything else could come, be it a timer or an answer.
    const atOnce = await Promise.race([refusal, turn('nothing yet')]);
    await fixture.server.process.start();
    expect(atOnce).toMatchObject({ failureClass: 'queue-away', recovery: 'transient' });

    await publishing;
    await log.reaches(400, 30_000);
    expect(log.orderViolations).toEqual([]);
    expect((await readiness.report()).checks['nats']).toBe('up');
    await until('the empty queue', async () => (await fixture.backlog()) === 0);
  }, 60_000);

  it('of the server amid several messages keeps their order', async () => {
    const queue = await fixture.publisher();
    const log = new HandledNumbers();
    const several = Array.from({ length: 1_000 }, (_, number) => ({
      kind: 'fhir.pull' as const,
      data: { source: `room:${number}` },
      id: String(number),
    }));
    const interrupted = queue.publishInOrder('room', several).catch((error: unknown) => error);
    await until('the first of them', async () => (await fixture.backlog()) > 0);
    fixture.server.process.kill('SIGKILL');
    await fixture.server.process.exited;
    expect(await interrupted).toMatchObject({ failureClass: 'queue-away', recovery: 'transient' });
    await fixture.server.process.start();
    await until('the queue to take them', () =>
      queue.publishInOrder('room', several).catch((error: unknown) => {
        if (!(error instanceof TransientError)) throw error;
        return undefined;
      }),
    );

    await fixture.worker((message) => void log.add(message));
    await log.reaches(several.length);
    expect(log.orderViolations).toEqual([]);
    expect(log.repeats).toBe(0);
  }, 60_000);

  it('of the server is over for an idle worker as soon as the server is back', async () => {
    const handled: unknown[] = [];
    const { publisher } = await fixture.worker(({ source }) => void handled.push(source));
    fixture.server.process.kill('SIGKILL');
    await fixture.server.process.exited;
    await fixture.server.process.start();

    await until('the queue to take the message', () =>
      publisher.publish('fhir.pull', 'ehr', { source: 'x' }, { id: 'x' }).catch(() => undefined),
    );
    // The request for a message that the server was killed with would be given up 7 s after it was made.
    await until('the message', () => handled.length === 1, 3_000);
  }, 30_000);

  it('by deleted consumers heals', async () => {
    const handled: unknown[] = [];
    await fixture.worker(({ source }) => void handled.push(source));
    const queue = await fixture.publisher();
    await queue.publish('fhir.pull', 'room', { source: '1' }, { id: '1' });
    await until('the first message', () => handled.length === 1);
    // Handled is not done: without its ack it would come again, from the new consumer.
    await until('the empty queue', async () => (await fixture.backlog()) === 0);

    for (let partition = 0; partition < 4; partition += 1) {
      await fixture.manager.consumers.delete('MAPPING', `mapping-${partition}`);
    }
    await queue.publish('fhir.pull', 'room', { source: '2' }, { id: '2' });
    await until('the second message', () => handled.length === 2);
    expect(handled).toEqual(['1', '2']);
  });

  it('by a deleted stream heals for the messages to come', async () => {
    const handled: unknown[] = [];
    await fixture.worker(({ source }) => void handled.push(source));
    const queue = await fixture.publisher();
    await fixture.manager.streams.delete('MAPPING');
    await until('the stream', () => fixture.manager.streams.info('MAPPING').catch(() => undefined));
    await queue.publish('fhir.pull', 'room', { source: '1' }, { id: '1' });
    await until('the message', () => handled.length === 1);
  });
});
