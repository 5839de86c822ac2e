import { TransientError } from '@bridge/contracts';
import type { SharedNumber } from '@bridge/queue';

/** Soon: Synapse repeats after two seconds, and begins with the oldest transaction that it still has. */
const retryAfterMs = 1_000;

/** A transaction came before the one of the number before it. */
export class EarlierTransactionMissing extends TransientError {
  constructor() {
    super('transaction-order', 'A transaction came before the one that precedes it.', {
      advice: 'Passes by itself: the homeserver sends the earlier one first when it repeats.',
      retryAfterMs,
    });
  }
}

/**
 * Keeps the homeserver's order where it loses it itself. Synapse numbers its transactions one after the other. When it
 * comes back from a failure amid traffic, it can take itself for done while one more has just been stored as waiting
 * (`_TransactionController.send` and `_Recoverer.retry` of Synapse 1.163): it goes on with the next and keeps the one
 * before until something fails again. So a number that is not the next is refused once. The homeserver then begins with
 * the oldest that it has: the missing one, or the same again when there is none.
 */
export class TransactionSequence {
  /** The highest number that is stored, as far as this replica knows. */
  private latest?: number;
  private refused?: number;

  constructor(private readonly shared: Pick<SharedNumber, 'read' | 'write'>) {}

  /**
   * To be called before a transaction is stored. Ids that are no numbers pass, and so does a number that is not higher
   * than the highest: a repetition, or a homeserver that has been set up anew.
   * @throws EarlierTransactionMissing
   */
  async expect(txnId: string): Promise<void> {
    const number = numberOf(txnId);
    if (number === undefined || this.follows(number)) return;
    this.latest = (await this.shared.read()) ?? this.latest;
    if (this.latest === undefined || this.follows(number) || this.refused === number) return;
    this.refused = number;
    throw new EarlierTransactionMissing();
  }

  /** To be called when it is stored, before the homeserver is told. */
  async stored(txnId: string): Promise<void> {
    const number = numberOf(txnId);
    if (number === undefined || (this.latest !== undefined && number <= this.latest)) return;
    this.latest = number;
    await this.shared.write(number);
  }

  private follows(number: number): boolean {
    return this.latest !== undefined && number <= this.latest + 1;
  }
}

function numberOf(txnId: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(txnId) ? Number(txnId) : undefined;
}
