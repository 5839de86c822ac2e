import type { WorkStream } from '@bridge/contracts';
import type { Metrics } from '@bridge/platform';
import { Logger } from '@nestjs/common';
import { ConversationParkedError, type ConversationParking } from './conversation-parking';
import type { DeadLetter } from './dead-letters';
import type { Delivery } from './delivery';
import { describeDelivery } from './describe-delivery';
import { messageHeaders } from './message-headers';
import type { QueuePublisher } from './queue-publisher';
import { originOf } from './queue-spans';
import { backoffMs, type Verdict, verdictOn } from './retry-policy';

/** What came of a delivery whose handler failed. */
export type FailureOutcome = 'retried' | 'dead-letter' | 'parked';

/** Ends deliveries that failed: again later, among the dead letters, or behind an earlier one of its conversation there. */
export class FailedDeliveries {
  private readonly logger = new Logger(FailedDeliveries.name);
  private readonly failures;

  constructor(
    private readonly stream: WorkStream,
    private readonly publisher: QueuePublisher,
    private readonly parking: ConversationParking,
    metrics: Metrics,
  ) {
    this.failures = metrics.counter(
      'bridge_queue_failures_total',
      'Deliveries that failed; needs-person: none succeeds until somebody has mended something.',
      ['stream', 'recovery', 'failure_class'],
    );
  }

  /** Does not throw: what cannot be written down is tried again. */
  async end(delivery: Delivery, error: unknown): Promise<FailureOutcome> {
    try {
      if (error instanceof ConversationParkedError) return await this.setAside(delivery, error);
      const verdict = verdictOn(error, delivery.attempts);
      const { action, failureClass } = verdict;
      const recovery = action === 'retry' ? verdict.recovery : 'permanent';
      this.failures.inc({ stream: this.stream, recovery, failure_class: failureClass });
      if (verdict.action === 'retry') return await this.retry(delivery, error, verdict);
      return await this.bury(delivery, error, verdict);
    } catch (refusal) {
      // Without its dead letter the message must not go: it stays in its place until the dead letters take it.
      const delayMs = backoffMs('transient', delivery.attempts, Math.random());
      return this.retry(delivery, refusal, { recovery: 'transient', delayMs });
    }
  }

  private async retry(
    delivery: Delivery,
    error: unknown,
    { recovery, delayMs }: Pick<Verdict & { action: 'retry' }, 'recovery' | 'delayMs'>,
  ): Promise<FailureOutcome> {
    const line = { err: error, delayMs, ...describeDelivery(this.stream, delivery) };
    if (recovery === 'transient') this.logger.warn({ msg: 'Failed, will be tried again', ...line });
    else this.logger.error({ msg: 'Failed until somebody mends it, will be tried again', ...line });
    await delivery.settle({ verb: 'nak', delayMs });
    return 'retried';
  }

  private async bury(
    delivery: Delivery,
    error: unknown,
    { reason, failureClass }: Verdict & { action: 'dead-letter' },
  ): Promise<FailureOutcome> {
    const parked = this.parking.parkingOf(delivery, failureClass);
    await this.publisher.deadLetter({
      ...this.letterOf(delivery),
      reason,
      failureClass,
      parking: parked?.parking,
    });
    // After the letter, which says why; before the message is out of the way of the next one.
    if (parked) await this.parking.park(parked);
    this.logger.error({
      msg: parked ? 'Handed to the dead letters, its conversation waits' : 'Handed to the dead letters',
      err: error,
      ...describeDelivery(this.stream, delivery),
    });
    await delivery.settle({ verb: 'term', reason: failureClass });
    return 'dead-letter';
  }

  private async setAside(delivery: Delivery, error: ConversationParkedError): Promise<FailureOutcome> {
    const letter = {
      ...this.letterOf(delivery),
      reason: error.message,
      failureClass: error.failureClass,
      parking: error.parking,
    };
    if (!(await this.parking.setAside(error, () => this.publisher.setAside(letter))))
      return this.retry(delivery, error, { recovery: 'transient', delayMs: 0 });
    this.logger.log({ msg: 'Set aside, its conversation waits', ...describeDelivery(this.stream, delivery) });
    await delivery.settle({ verb: 'term', reason: error.failureClass });
    return 'parked';
  }

  private letterOf(delivery: Delivery): Omit<DeadLetter, 'reason' | 'failureClass'> {
    return {
      stream: this.stream,
      kind: delivery.kind,
      partition: delivery.partition,
      payload: delivery.payload,
      id: String(delivery.sequence),
      attempts: delivery.attempts,
      key: delivery.header(messageHeaders.key),
      originalSubject: delivery.subject,
      place: delivery.header(messageHeaders.place) ?? placeOf(delivery),
      ...originOf(delivery),
    };
  }
}

/** Where a message stands among all of its conversation; compares as text, also over a stream that was made anew. */
function placeOf({ storedAt, sequence }: Delivery): string {
  return `${storedAt.toISOString()} ${String(sequence).padStart(16, '0')}`;
}
