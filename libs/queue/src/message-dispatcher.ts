import type { WorkStream } from '@bridge/contracts';
import { annotateSpan, failSpan, failureClassOf, type Metrics } from '@bridge/platform';
import { Logger } from '@nestjs/common';
import type { MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { ConversationParking } from './conversation-parking';
import type { Delivery } from './delivery';
import { describeDelivery } from './describe-delivery';
import type { FailedDeliveries } from './failed-deliveries';
import { decodeMessage, kindLabel } from './message-codec';
import { QueueContext } from './queue-context';
import { inDeliverySpan } from './queue-spans';

/** From a millisecond to the ten minutes that a backlog may wait. */
const waitBuckets = [0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600];

/** Gives a delivery to its handler and ends it by what came of that. */
export class MessageDispatcher {
  private readonly logger = new Logger(MessageDispatcher.name);
  private readonly handled;
  private readonly handleSeconds;
  private readonly waitSeconds;

  constructor(
    private readonly stream: WorkStream,
    private readonly handlers: ReadonlyMap<string, MessageHandler>,
    private readonly parking: ConversationParking,
    private readonly failed: FailedDeliveries,
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
    await inDeliverySpan(this.stream, delivery, () => this.inTrace(delivery));
  }

  private async inTrace(delivery: Delivery): Promise<void> {
    const kind = kindLabel(delivery.kind);
    this.waitSeconds.observe({ kind }, Math.max(0, Date.now() - delivery.storedAt.getTime()) / 1000);
    const stopClock = this.handleSeconds.startTimer({ kind });
    const lifeSign = setInterval(() => delivery.working(), this.ackWaitMs / 3);
    try {
      const failure = await this.invoke(delivery);
      if (failure) failSpan(failureClassOf(failure.error));
      const outcome = failure
        ? await this.failed.end(delivery, failure.error)
        : await this.acknowledge(delivery);
      this.handled.inc({ kind, outcome });
      annotateSpan({ 'bridge.outcome': outcome });
    } finally {
      clearInterval(lifeSign);
      stopClock();
    }
  }

  private async invoke(delivery: Delivery): Promise<{ error: unknown } | undefined> {
    try {
      await this.parking.letThrough(delivery);
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
      ...describeDelivery(this.stream, delivery),
    });
    return 'unconfirmed';
  }
}
