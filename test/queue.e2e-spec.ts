import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import { PermanentError, TransientError } from '@bridge/contracts';
import { continueTrace, currentTraceparent, type Metrics, type SpanDescription } from '@bridge/platform';
import { partitionOf } from '@bridge/queue';
import { headersOf, QueueFixture } from './support/queue-fixture';
import { LogLines, startQueueWorker, type Handle } from './support/queue-worker';
import { until } from './support/until';

const sending = (): SpanDescription => ({ name: 'test', kind: 'server' });
let fixture: QueueFixture;

beforeAll(async () => {
  fixture = await QueueFixture.start();
}, 30_000);

afterAll(() => fixture?.stop());

afterEach(() => fixture.endTest());

describe('a handler', () => {
  it('gets the message, its key and its numbers', async () => {
    const seen: unknown[] = [];
    const before = Date.now();
    await fixture.worker((message, { kind, stream, partition, key, sequence, attempts, storedAt }) => {
      const fresh = storedAt.getTime() >= before && storedAt.getTime() <= Date.now();
      seen.push({ message, kind, stream, partition, key, sequence, attempts, fresh });
    });
    const { sequence } = await (
      await fixture.publisher()
    ).publish('fhir.pull', 'ehr', { source: 'ehr' }, { id: 'x' });

    await until('the message', () => seen.length > 0);
    expect(seen).toEqual([
      {
        message: { source: 'ehr' },
        kind: 'fhir.pull',
        stream: 'MAPPING',
        partition: partitionOf('ehr', 4),
        key: 'ehr',
        sequence,
        attempts: 1,
        fresh: true,
      },
    ]);
  });

  it('works in the trace of the publisher', async () => {
    const traces: (string | undefined)[] = [];
    await fixture.worker(() => void traces.push(currentTraceparent()));
    const traceId = randomUUID().replaceAll('-', '');
    const queue = await fixture.publisher();
    await continueTrace({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` }, sending, () =>
      queue.publish('fhir.pull', 'ehr', { source: 'ehr' }, { id: 'x' }),
    );

    const [trace] = await until('the message', () => traces.length > 0 && traces);
    expect(trace).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  });

  it('may take longer than ack_wait without the message going to somebody else', async () => {
    // A third of it passes between two signs of life: a machine that is busy for longer than the rest fails this.
    const ackWaitMs = 6_000;
    fixture.config = { ...fixture.config, ackWaitMs };
    const started: unknown[] = [];
    const handle: Handle = async ({ source }) => {
      started.push(source);
      if (source === 'slow') await wait(1.5 * ackWaitMs);
    };
    await fixture.worker(handle);
    await fixture.worker(handle);
    const queue = await fixture.publisher();
    await queue.publish('fhir.pull', 'room', { source: 'slow' }, { id: '1' });
    await queue.publish('fhir.pull', 'room', { source: 'next' }, { id: '2' });

    await until('the next message', () => started.includes('next'));
    expect(started).toEqual(['slow', 'next']);
  });

  it('finishes and acknowledges when its worker closes, which takes nothing new', async () => {
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const log: string[] = [];
    const closing = await startQueueWorker({
      config: fixture.config,
      handle: async ({ source }) => {
        log.push(`start ${String(source)}`);
        await finished;
        log.push(`end ${String(source)}`);
      },
    });
    const queue = await fixture.publisher();
    await queue.publish('fhir.pull', 'room', { source: '1' }, { id: '1' });
    await queue.publish('fhir.pull', 'room', { source: '2' }, { id: '2' });
    await until('the first message', () => log.length > 0);

    const closed = closing.close().then(() => log.push('closed'));
    await fixture.worker(({ source }) => void log.push(`other ${String(source)}`));
    finish();
    await closed;
    await until('the other worker', () => log.some((line) => line.startsWith('other')));
    expect(log.filter((line) => !line.startsWith('other'))).toEqual(['start 1', 'end 1', 'closed']);
    expect(log.filter((line) => line.startsWith('other'))).toEqual(['other 2']);
  });
});

describe('what fails', () => {
  it('for good goes to the dead letters, and the next message goes on', async () => {
    const handled: unknown[] = [];
    await fixture.worker(({ source }) => {
      if (source === 'bad')
        throw new PermanentError('conversation-unknown', 'There is no such room.', { advice: 'Make it.' });
      handled.push(source);
    });
    const queue = await fixture.publisher();
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
    const { sequence } = await continueTrace({ traceparent }, sending, () =>
      queue.publish('fhir.pull', 'room', { source: 'bad' }, { id: '1' }),
    );
    await queue.publish('fhir.pull', 'room', { source: 'good' }, { id: '2' });

    await until('the next message', () => handled.length > 0);
    expect(handled).toEqual(['good']);
    const letter = await fixture.deadLetter();
    const partition = partitionOf('room', 4);
    expect(letter.subject).toBe(`dead.MAPPING.${partition}.fhir.pull`);
    expect(letter.json()).toEqual({ source: 'bad' });
    expect(headersOf(letter)).toMatchObject({
      'Nats-Msg-Id': `MAPPING:${sequence}`,
      'Bridge-Reason': 'There is no such room.',
      'Bridge-Failure-Class': 'conversation-unknown',
      'Bridge-Attempts': '1',
      'Bridge-Original-Subject': `mapping.${partition}.fhir.pull`,
      'Bridge-Key': 'room',
    });
    expect(letter.header.get('traceparent')).toContain('ab'.repeat(16));
    await until('the empty queue', async () => (await fixture.backlog()) === 0);
  });

  it('for a while is tried again at the time that the other side named', async () => {
    const tries: number[] = [];
    const { metrics } = await fixture.worker(() => {
      tries.push(Date.now());
      if (tries.length === 1) {
        throw new TransientError('rate-limited', 'Slow down.', { advice: 'Wait.', retryAfterMs: 1_200 });
      }
    });
    await (await fixture.publisher()).publish('fhir.pull', 'room', { source: 'x' }, { id: '1' });

    await until('the second try', () => tries.length === 2);
    expect((tries[1] ?? 0) - (tries[0] ?? 0)).toBeGreaterThanOrEqual(1_200);
    // Counted when the server has confirmed, so a moment after the queue is empty.
    const handled = () => samples(metrics, 'bridge_queue_handled_total');
    await until('the end', async () => (await handled())['fhir.pull done'] !== undefined);
    expect(await handled()).toEqual({ 'fhir.pull retried': 1, 'fhir.pull done': 1 });
    expect(await fixture.backlog()).toBe(0);
    expect((await fixture.manager.streams.info('DEAD_LETTERS')).state.messages).toBe(0);
  });

  it('by a bug goes to the dead letters after five tries, without the words of the error', async () => {
    let tries = 0;
    const { metrics } = await fixture.worker(() => {
      tries += 1;
      throw new TypeError('Cannot read the name Jansen');
    });
    await (await fixture.publisher()).publish('fhir.pull', 'room', { source: 'x' }, { id: '1' });

    const letter = await fixture.deadLetter();
    expect(tries).toBe(5);
    expect(headersOf(letter)).toMatchObject({
      'Bridge-Failure-Class': 'unexpected',
      'Bridge-Attempts': '5',
      'Bridge-Reason': 'TypeError, see the log of the worker.',
    });
    await until('the empty queue', async () => (await fixture.backlog()) === 0);
    expect(await samples(metrics, 'bridge_dead_letters_total')).toEqual({
      'MAPPING fhir.pull unexpected': 1,
    });
  });

  it.each([
    ['not JSON', 'mapping.0.fhir.pull', 'Jansen {', 'malformed-message'],
    ['of another shape', 'mapping.0.fhir.pull', '{"source":5,"name":"Jansen"}', 'malformed-message'],
    ['of a kind nobody knows', 'mapping.0.fhir.strange', '{"name":"Jansen"}', 'unknown-kind'],
  ])(
    'because it is %s goes to the dead letters verbatim, and its content to no log',
    async (_, subject, text, failureClass) => {
      const handled: unknown[] = [];
      const log = new LogLines();
      await fixture.worker((message) => void handled.push(message), { log });
      await fixture.manager.jetstream().publish(subject, Buffer.from(text));

      const letter = await fixture.deadLetter();
      expect(Buffer.from(letter.data).toString()).toBe(text);
      expect(headersOf(letter)['Bridge-Failure-Class']).toBe(failureClass);
      await until('the empty queue', async () => (await fixture.backlog()) === 0);
      expect(handled).toEqual([]);
      expect(
        log.lines.some(([line]) => (line as { msg?: string }).msg === 'Handed to the dead letters'),
      ).toBe(true);
      expect(inspect([log.lines, headersOf(letter)], { depth: 20 })).not.toContain('Jansen');
    },
  );

  it('stays in its place as long as the dead letters cannot take it', async () => {
    let tries = 0;
    await fixture.worker(() => {
      tries += 1;
      throw new PermanentError('conversation-unknown', 'There is no such room.', { advice: 'Make it.' });
    });
    const queue = await fixture.publisher();
    const { config: deadLetters } = await fixture.manager.streams.info('DEAD_LETTERS');
    await fixture.manager.streams.delete('DEAD_LETTERS');
    await queue.publish('fhir.pull', 'room', { source: 'x' }, { id: '1' });

    await until('the second try', () => tries >= 2);
    expect(await fixture.backlog()).toBe(1);
    await fixture.manager.streams.add(deadLetters);
    expect((await fixture.deadLetter()).json()).toEqual({ source: 'x' });
    await until('the empty queue', async () => (await fixture.backlog()) === 0);
  });
});

describe('the publisher', () => {
  it('stores the same id once and says so', async () => {
    const queue = await fixture.publisher();
    const first = await queue.publish('fhir.pull', 'ehr', { source: 'ehr' }, { id: 'x' });
    const second = await queue.publish('fhir.pull', 'ehr', { source: 'ehr' }, { id: 'x' });
    expect(first.duplicate).toBe(false);
    expect(second).toEqual({ duplicate: true, sequence: first.sequence });
    expect(await fixture.backlog()).toBe(1);
  });

  it('says that the queue is full, and takes messages again when there is room', async () => {
    fixture.config = { ...fixture.config, maxBytes: 20_000 };
    const queue = await fixture.publisher();
    const store = (id: string): Promise<unknown> =>
      queue.publish('fhir.pull', 'ehr', { source: 'x'.repeat(3_000) }, { id });
    const fill = async (): Promise<void> => {
      for (let id = 0; id < 20; id += 1) await store(String(id));
    };
    await expect(fill()).rejects.toMatchObject({
      name: 'QueueUnavailableError',
      recovery: 'transient',
      failureClass: 'queue-full',
      retryAfterMs: 5_000,
    });
    const stored = await fixture.backlog();
    expect(stored).toBeGreaterThan(3);

    const handled: unknown[] = [];
    await fixture.worker((message) => void handled.push(message));
    await until('the backlog', () => handled.length === stored);
    await until('room', async () => (await fixture.backlog()) === 0);
    await expect(store('again')).resolves.toMatchObject({ duplicate: false });
  });

  it('stores several in their order and tells what it can never take, each in its place', async () => {
    const queue = await fixture.publisher();
    await queue.publish('fhir.pull', 'ehr', { source: '1' }, { id: '1' });
    const sources = Array.from({ length: 200 }, (_, number) => String(number));
    sources[50] = 'x'.repeat(2 * 1024 * 1024);
    const outcomes = await queue.publishInOrder(
      'ehr',
      sources.map((source, number) => ({ kind: 'fhir.pull', data: { source }, id: String(number) })),
    );
    expect(outcomes[0]).toEqual({ duplicate: false, sequence: 2 });
    expect(outcomes[1]).toEqual({ duplicate: true, sequence: 1 });
    expect(outcomes[50]).toMatchObject({ failureClass: 'message-too-large', recovery: 'permanent' });
    expect(outcomes[51]).toEqual({ duplicate: false, sequence: 51 });
    expect(outcomes[199]).toEqual({ duplicate: false, sequence: 199 });

    const handled: unknown[] = [];
    await fixture.worker(({ source }) => void handled.push(source));
    await until('all of them', () => handled.length === 199);
    const others = sources.filter((_, number) => number !== 1 && number !== 50);
    expect(handled).toEqual(['1', ...others]);
  });

  it('stores nothing that follows what did not fit into the queue', async () => {
    fixture.config = { ...fixture.config, maxBytes: 20_000 };
    const queue = await fixture.publisher();
    const large = (id: string) => ({ kind: 'fhir.pull', data: { source: 'x'.repeat(3_000) }, id }) as const;
    const small = { kind: 'fhir.pull', data: { source: 'small' }, id: 'small' } as const;
    const several = [...Array.from({ length: 10 }, (_, number) => large(String(number))), small];
    await expect(queue.publishInOrder('ehr', several)).rejects.toMatchObject({ failureClass: 'queue-full' });

    const stored = await fixture.backlog();
    expect(stored).toBeGreaterThan(3);
    const handled: unknown[] = [];
    await fixture.worker(({ source }) => void handled.push(source));
    await until('what was stored', () => handled.length === stored);
    expect(handled).not.toContain('small');
  });

  it('refuses a message that does not have its shape, without quoting it', async () => {
    const queue = await fixture.publisher();
    const wrong = { source: { name: 'Jansen' } } as unknown as { source: string };
    await expect(queue.publish('fhir.pull', 'ehr', wrong, { id: 'x' })).rejects.toMatchObject({
      failureClass: 'malformed-message',
      recovery: 'permanent',
      message: 'A fhir.pull message does not have its shape: source (invalid_type).',
    });
    expect(await fixture.backlog()).toBe(0);
  });

  it('refuses for good what the server can never take', async () => {
    const queue = await fixture.publisher();
    const huge = { source: 'x'.repeat(2 * 1024 * 1024) };
    await expect(queue.publish('fhir.pull', 'ehr', huge, { id: 'x' })).rejects.toMatchObject({
      failureClass: 'message-too-large',
      recovery: 'permanent',
    });
  });

  it('keeps room for the headers of a dead letter in the largest message that it takes', async () => {
    await fixture.worker(() => {
      throw new PermanentError('unexpected', 'no '.repeat(500), { advice: 'Nothing.' });
    });
    const queue = await fixture.publisher();
    const overhead = '{"source":""}'.length;
    const largest = 1_048_576 - 4_096 - overhead;
    const store = (bytes: number): Promise<unknown> =>
      queue.publish('fhir.pull', 'ehr', { source: 'x'.repeat(bytes) }, { id: String(bytes) });
    await expect(store(largest + 1)).rejects.toMatchObject({ failureClass: 'message-too-large' });
    await store(largest);
    expect((await fixture.deadLetter()).data).toHaveLength(largest + overhead);
  });

  it('buries what never came as far as a queue, whatever its kind is called', async () => {
    const queue = await fixture.publisher();
    await queue.deadLetter({
      stream: 'MAPPING',
      kind: 'matrix.a b.>.*..',
      reason: 'The event\nhas no sender.',
      failureClass: 'malformed-event',
      payload: { type: 'a b' },
      id: '$event',
      attempts: 0,
    });
    const letter = await fixture.deadLetter();
    expect(letter.subject).toBe('dead.MAPPING.none.matrix.a_b._._._._');
    expect(letter.json()).toEqual({ type: 'a b' });
    expect(headersOf(letter)).toMatchObject({
      'Bridge-Reason': 'The event has no sender.',
      'Bridge-Attempts': '0',
    });
  });

  it('chooses the partition that nats-server itself would choose', async () => {
    await fixture.manager.streams.add({
      name: 'BY_SERVER',
      subjects: ['by-server.*'],
      subject_transform: { src: 'by-server.*', dest: 'by-server.{{partition(32,1)}}.{{wildcard(1)}}' },
    });
    try {
      const keys = Array.from({ length: 100 }, () => randomUUID());
      for (const key of keys) await fixture.manager.jetstream().publish(`by-server.${key}`);
      for (const [index, key] of keys.entries()) {
        const { subject } = await fixture.manager.streams.getMessage('BY_SERVER', { seq: index + 1 });
        expect(subject).toBe(`by-server.${partitionOf(key, 32)}.${key}`);
      }
    } finally {
      await fixture.manager.streams.delete('BY_SERVER');
    }
  });
});

/** A metric's values by their labels. */
async function samples({ registry }: Metrics, name: string): Promise<Record<string, number>> {
  const metric = await registry.getSingleMetric(name)?.get();
  return Object.fromEntries(
    (metric?.values ?? []).map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  );
}
