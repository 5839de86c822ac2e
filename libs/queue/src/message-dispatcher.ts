import type { WorkStream } from '@bridge/contracts';
import { type Metrics, runWithTrace } from '@bridge/platform';
import { Logger } from '@nestjs/common';
import type { MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Delivery } from './delivery';
import { decodeMessage, kindLabel } from './message-codec';
import { messageHeaders } from './message-headers';
import { QueueContext } from './queue-context';
import type { QueuePublisher } from './queue-publisher';
import { backoffMs, verdictOn, type Verdict } from './retry-policy';
import { parseWorkSubject } from './subject';

/** From a millisecond to the ten minutes that a backlog may wait. */
const waitBuckets = [0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600];

/** Gives a delivery to its handler and ends it by what came of that: ack, retry, or dead letter. */
export class MessageDispatcher {
  private readonly logger = new Logger(MessageDispatcher.name);
  private readonly handled;
  private readonly handleSeconds;
  private readonly waitSeconds;

  constructor(
    private readonly stream: WorkStream,
    private readonly handlers: ReadonlyMap<string, MessageHandler>,
    private readonly publisher: QueuePublisher,
    private readonly ackWaitMs: number,
    metrics: Metrics,
  ) {
    this.handled = metrics.counter('bridge_queue_handled_total', 'Deliveries by what came of them.', [
      'kind',
      'outcome',
    ]);
    this.handleSeconds = metrics.histogram(
      'bridge_queue_handle_seconds',
      'Time from the start of the handler to the end of the delivery.',
      ['kind'],
    );
    this.waitSeconds = metrics.histogram(
      'bridge_queue_wait_seconds',
      'Time from storing a message to the start of its handler.',
      ['kind'],
      waitBuckets,
    );
  }

  /** Ends the delivery in any case; does not throw. */
  async dispatch(delivery: Delivery): Promise<void> {
    await runWithTrace(delivery.header(messageHeaders.traceparent), () => this.inTrace(delivery));
  }

  private async inTrace(delivery: Delivery): Promise<void> {
    const kind = kindOf(delivery);
    this.waitSeconds.observe({ kind }, Math.max(0, Date.now() - delivery.storedAt.getTime()) / 1000);
    const stopClock = this.handleSeconds.startTimer({ kind });
    const lifeSign = setInterval(() => delivery.working(), this.ackWaitMs / 3);
    try {
      const failure = await this.invoke(delivery);
      const outcome = failure ? await this.fail(delivery, failure.error) : await this.acknowledge(delivery);
      this.handled.inc({ kind, outcome });
    } finally {
      clearInterval(lifeSign);
      stopClock();
    }
  }

  private async invoke(delivery: Delivery): Promise<{ error: unknown } | undefined> {
    try {
      const context = new QueueContext(this.stream, delivery);
      const data = decodeMessage(context.kind, delivery.payload);
      const handler = this.handlers.get(context.kind);
      // The boot check made sure of a handler for every kind; this one belongs to the other work queue.
      if (!handler) throw new TypeError(`${context.kind} does not belong to ${this.stream}`);
      const result: unknown = await handler(data, context);
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  private async acknowledge(delivery: Delivery): Promise<string> {
    if (await delivery.settle({ verb: 'ack' })) return 'done';
    this.logger.warn({
      msg: 'Done, but the server did not confirm: it will come again',
      ...this.describe(delivery),
    });
    return 'unconfirmed';
  }

  private async fail(delivery: Delivery, error: unknown): Promise<string> {
    const verdict = verdictOn(error, delivery.attempts);
    if (verdict.action === 'retry') return this.retry(delivery, error, verdict.delayMs);
    try {
      await this.bury(delivery, verdict);
    } catch (refusal) {
      // Without its dead letter the message must not go: it stays in its place until the dead letters take it.
      return this.retry(delivery, refusal, backoffMs(delivery.attempts, Math.random()));
    }
    this.logger.error({ msg: 'Handed to the dead letters', err: error, ...this.describe(delivery) });
    await delivery.settle({ verb: 'term', reason: verdict.failureClass });
    return 'dead-letter';
  }

  private async retry(delivery: Delivery, error: unknown, delayMs: number): Promise<string> {
    this.logger.warn({ msg: 'Failed, will be tried again', err: error, delayMs, ...this.describe(delivery) });
    await delivery.settle({ verb: 'nak', delayMs });
    return 'retried';
  }

  private async bury(delivery: Delivery, verdict: Verdict & { action: 'dead-letter' }): Promise<void> {
    await this.publisher.deadLetter({
      stream: this.stream,
      ...parseWorkSubject(delivery.subject),
      reason: verdict.reason,
      failureClass: verdict.failureClass,
      payload: delivery.payload,
      id: String(delivery.sequence),
      attempts: delivery.attempts,
      key: delivery.header(messageHeaders.key),
      originalSubject: delivery.subject,
      traceparent: delivery.header(messageHeaders.traceparent),
    });
  }

  private describe(delivery: Delivery): object {
    const { attempts, sequence } = delivery;
    return { kind: kindOf(delivery), stream: this.stream, sequence, attempts };
  }
}

function kindOf(delivery: Delivery): string {
  return kindLabel(parseWorkSubject(delivery.subject).kind);
}
