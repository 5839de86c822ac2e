import { setTimeout as delay } from 'node:timers/promises';
import { TransientError } from '@bridge/contracts';
import type { SharedNumber } from '@bridge/queue';
import { Logger } from '@nestjs/common';

/** Soon: Synapse repeats after two seconds, and begins with the oldest transaction that it still has. */
const retryAfterMs = 1_000;
/** In which a number that another replica has just written arrives at this one. */
const arrivalMs = 50;

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
  private readonly logger = new Logger(TransactionSequence.name);
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
    if ((await this.isNextOfAll(number)) || this.refused === number) return;
    // Nobody waits until a number is written: the one before may be on its way.
    await delay(arrivalMs);
    if (await this.isNextOfAll(number)) return;
    this.refused = number;
    throw new EarlierTransactionMissing();
  }

  /** To be called when it is stored, before the homeserver is told: it does not wait until the other replicas know. */
  stored(txnId: string): void {
    const number = numberOf(txnId);
    if (number === undefined || (this.latest !== undefined && number <= this.latest)) return;
    this.latest = number;
    this.shared.write(number).catch((error: unknown) => {
      this.logger.warn({ err: error, msg: 'The number of a transaction could not be told to other replicas' });
    });
  }

  private async isNextOfAll(number: number): Promise<boolean> {
    this.latest = (await this.shared.read()) ?? this.latest;
    return this.latest === undefined || this.follows(number);
  }

  private follows(number: number): boolean {
    return this.latest !== undefined && number <= this.latest + 1;
  }
}

function numberOf(txnId: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(txnId) ? Number(txnId) : undefined;
}
