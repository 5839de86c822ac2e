import { PermanentError, TransientError } from '@bridge/contracts';
import { Metrics } from '@bridge/platform';
import { OwnNamespace } from './own-namespace';
import { TransactionIntake } from './transaction-intake';

/** Faults that a real queue cannot be asked for at a chosen event; the rest is in test/as-ingress-*.e2e-spec.ts. */
class FaultyQueue {
  readonly stored: string[] = [];
  readonly kept: { kind: string; reason: string; payload: string }[] = [];
  faults = new Map<string, Error>();

  async publish(kind: string, _key: string, _data: unknown, { id }: { id: string }) {
    const fault = this.faults.get(id);
    if (fault) throw fault;
    this.stored.push(kind === 'matrix.m.receipt' ? 'receipt' : id);
    return { duplicate: false, sequence: this.stored.length };
  }

  async keep(kind: string, reason: string, payload: Uint8Array): Promise<void> {
    this.kept.push({ kind, reason, payload: Buffer.from(payload).toString() });
  }
}

const own = new OwnNamespace({ serverName: 'care.example', ghostPrefix: '_b_', botLocalpart: '_b_bot' });

function event(id: string, room: string): Record<string, unknown> {
  return {
    event_id: id,
    room_id: room,
    sender: '@gp:practice.example',
    type: 'm.room.message',
    origin_server_ts: 1,
    content: {},
  };
}

function bodyOf(...events: unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ events }));
}

describe('TransactionIntake', () => {
  let queue: FaultyQueue;
  let metrics: Metrics;
  let intake: TransactionIntake;

  beforeEach(() => {
    queue = new FaultyQueue();
    metrics = new Metrics();
    intake = new TransactionIntake(
      queue,
      queue,
      own,
      { bringBefore: async () => {} },
      { notice: async () => {} },
      metrics,
    );
  });

  const counted = async (name = 'bridge_as_events_total'): Promise<Record<string, number>> => {
    const metric = await metrics.registry.getSingleMetric(name)?.get();
    return Object.fromEntries(
      metric?.values.map(({ labels, value }) => [Object.values(labels).join(), value]) ?? [],
    );
  };

  function bodyWithReceipt(room: string, ...events: unknown[]): Buffer {
    const receipt = {
      type: 'm.receipt',
      room_id: room,
      content: { $1: { 'm.read': { '@gp:practice.example': { ts: 1 } } } },
    };
    return Buffer.from(JSON.stringify({ events, ephemeral: [receipt, { type: 'm.typing' }], new: 1 }));
  }

  it('stores who has read an event behind the event', async () => {
    await intake.accept(bodyWithReceipt('!a', event('$1', '!a'), event('$2', '!a')));
    expect(queue.stored).toEqual(['$1', '$2', 'receipt']);
    expect(await counted('bridge_as_receipts_total')).toEqual({ '': 1 });
    expect(await counted('bridge_as_ignored_total')).toEqual({ typing: 1, other: 1 });
  });

  it('stores no receipt when an event was refused, and counts nothing', async () => {
    queue.faults.set('$1', new TransientError('queue-full', 'full', { advice: 'wait' }));
    await expect(intake.accept(bodyWithReceipt('!b', event('$1', '!a')))).rejects.toThrow('full');
    expect(queue.stored).toEqual([]);
    expect(await counted('bridge_as_receipts_total')).toEqual({ '': 0 });
    expect(await counted('bridge_as_ignored_total')).toEqual({});
  });

  it('stores no later event of a room when an earlier one was refused', async () => {
    const full = new TransientError('queue-full', 'full', { advice: 'wait' });
    queue.faults.set('$2', full);
    await expect(intake.accept(bodyOf(event('$1', '!a'), event('$2', '!a'), event('$3', '!a')))).rejects.toBe(
      full,
    );
    expect(queue.stored).toEqual(['$1']);
  });

  it('counts events only when all of them are stored', async () => {
    queue.faults.set('$2', new TransientError('queue-full', 'full', { advice: 'wait' }));
    const body = bodyOf(event('$1', '!a'), event('$2', '!a'), { type: 'm.room.topic' });
    await expect(intake.accept(body)).rejects.toThrow('full');
    expect(await counted()).toEqual({});
    queue.faults.clear();
    await intake.accept(body);
    expect(await counted()).toEqual({ queued: 2, unused: 1 });
  });

  it('keeps an event that the queue never takes, and goes on with the room', async () => {
    queue.faults.set(
      '$1',
      new PermanentError('message-too-large', 'too large', { advice: 'raise max_payload' }),
    );
    await intake.accept(bodyOf(event('$1', '!a'), event('$2', '!a')));
    expect(queue.stored).toEqual(['$2']);
    expect(queue.kept).toEqual([
      { kind: 'matrix.event', reason: 'message-too-large', payload: JSON.stringify(event('$1', '!a')) },
    ]);
  });

  it('does not take a fault of its own for a fault of the event', async () => {
    queue.faults.set('$1', new RangeError('a bug'));
    await expect(intake.accept(bodyOf(event('$1', '!a')))).rejects.toThrow('a bug');
    expect(queue.kept).toEqual([]);
  });

  it('refuses a transaction whose malformed event could not be kept', async () => {
    const away = new TransientError('queue-away', 'away', { advice: 'look' });
    const unkept = new TransactionIntake(
      queue,
      { keep: () => Promise.reject(away) },
      own,
      { bringBefore: async () => {} },
      { notice: async () => {} },
      metrics,
    );
    await expect(unkept.accept(bodyOf({ type: 'm.room.message' }))).rejects.toBe(away);
    await expect(unkept.accept(Buffer.from('no JSON'))).rejects.toBe(away);
  });

  it('keeps the whole transaction of an event that is nested too deeply to be written again', async () => {
    const deep = JSON.stringify(event('$1', '!a')).replace(
      '{}',
      `{"body":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    );
    const body = `{"events":[${deep}]}`;
    await intake.accept(Buffer.from(body));
    expect(queue.kept).toEqual([
      { kind: 'matrix.transaction', reason: 'an event in it: nested too deeply', payload: body },
    ]);
  });
});
