import { createHash } from 'node:crypto';
import { PermanentError } from '@bridge/contracts';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import { HeldBackEvents } from './held-back-events';
import { MalformedLetters } from './malformed-letters';
import { OwnNamespace } from './own-namespace';
import { inOrderPerKey } from './in-order-per-key';
import { receiptId, sortEphemeral } from './read-receipts';
import { sortEvent, type SortedEvent } from './sort-event';
import { parseTransaction } from './transaction-body';
import type { UntoldEvents } from './untold-events';

type Queued = Extract<SortedEvent, { outcome: 'queued' }>;

/** Puts what a transaction holds on the queue. */
export class TransactionIntake {
  private readonly events;
  private readonly receipts;
  private readonly ignored;

  constructor(
    private readonly publisher: Pick<QueuePublisher, 'publish'>,
    private readonly malformed: Pick<MalformedLetters, 'keep'>,
    private readonly own: Pick<OwnNamespace, 'hasUser' | 'bot'>,
    private readonly untold: Pick<UntoldEvents, 'bringBefore'>,
    private readonly heldBack: Pick<HeldBackEvents, 'notice'>,
    metrics: Metrics,
  ) {
    this.events = metrics.counter(
      'bridge_as_events_total',
      'Events in stored transactions, by what became of them.',
      ['outcome'],
    );
    this.receipts = metrics.counter(
      'bridge_as_receipts_total',
      'Read receipts in stored transactions that were put on the queue.',
    );
    this.ignored = metrics.counter(
      'bridge_as_ignored_total',
      'Items of stored transactions, beside events, that the bridge has no use for; malformed: of another shape than specified.',
      ['part'],
    );
  }

  /**
   * Resolves when the queue has stored every event that a worker reads: those of one room one after the other, so that
   * none is stored when an earlier one was refused, and behind what the homeserver has not told of; and after them who
   * has read what. Events that cannot be understood
   * are safe in the dead letters by then.
   * @throws QueueUnavailableError when the queue is full or away; the same transaction completes later
   */
  async accept(body: Uint8Array): Promise<void> {
    const transaction = parseTransaction(body);
    if (!transaction) {
      // It came whole from the homeserver, so it will be the same next time: a 400 would stop this bridge for ever.
      await this.malformed.keep('matrix.transaction', 'not JSON with a list of events', body);
      return;
    }
    const sorted = transaction.events.map((raw) => ({
      raw,
      ...sortEvent(raw, this.own),
    }));
    const ephemeral = sortEphemeral(transaction.ephemeral, (userId) => this.own.hasUser(userId));
    await inOrderPerKey(
      sorted,
      (item) => (item.outcome === 'queued' ? item.event.room_id : ''),
      async (item) => {
        if (item.outcome === 'queued') await this.publish(item);
        if (item.outcome === 'malformed') await this.keep(item.reason, item.raw, body);
      },
    );
    await inOrderPerKey(
      ephemeral.receipts,
      ({ roomId }) => roomId,
      async (receipt) => {
        const id = createHash('sha256').update(receiptId(receipt)).digest('base64url');
        await this.publisher.publish('matrix.m.receipt', receipt.roomId, receipt, { id });
      },
    );
    // Counted once, when all is stored, not at each repetition.
    for (const { outcome } of sorted) this.events.inc({ outcome });
    this.receipts.inc(ephemeral.receipts.length);
    for (const [part, count] of [...transaction.ignored, ...ephemeral.ignored])
      this.ignored.inc({ part }, count);
  }

  private async publish({ kind, event }: Queued): Promise<void> {
    await this.untold.bringBefore(event);
    try {
      await this.publisher.publish(kind, event.room_id, event, { id: event.event_id });
      await this.heldBack.notice(event);
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      await this.malformed.keep('matrix.event', error.failureClass, Buffer.from(JSON.stringify(event)));
    }
  }

  /** An event that cannot be written as JSON again is kept by keeping the transaction that it came in. */
  private async keep(reason: string, raw: unknown, body: Uint8Array): Promise<void> {
    let text: string;
    try {
      text = JSON.stringify(raw);
    } catch {
      return this.malformed.keep('matrix.transaction', `an event in it: ${reason}`, body);
    }
    await this.malformed.keep('matrix.event', reason, Buffer.from(text));
  }
}
