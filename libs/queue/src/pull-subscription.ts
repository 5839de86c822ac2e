import type { WorkStream } from '@bridge/contracts';
import { createInbox, nanos, type Msg, type Subscription } from 'nats';
import { Delivery } from './delivery';
import type { QueueConnection } from './queue-connection';
import { consumerName } from './streams';

/** Short, so that a pull whose client died in silence does not swallow a message for long. */
const expiresMs = 5_000;
/** An answer is overdue when this much has passed beyond the expiry: the server lost the request. */
const overdueMs = 2_000;

/** `none`: ask again; `refused`: ask again, not at once; `missing`: the consumer, its stream or JetStream is not there. */
export type PullOutcome = Delivery | 'none' | 'refused' | 'missing';

/**
 * Asks one partition's consumer for one message at a time (NATS' ADR-13, pull requests).
 *
 * Not the client library's `consume()`: that asks for the next message while this one is being worked on, so that after
 * a stall of this process the same message comes back to it instead of to a replica; and its `close()` drops what the
 * server has sent in the meantime, which holds the partition up for `ack_wait`. This one hands it over on closing.
 */
export class PullSubscription {
  private readonly inbox = createInbox();
  private readonly request: Uint8Array;
  private readonly requestSubject: string;
  private readonly subscription: Subscription;
  private readonly arrived: Delivery[] = [];
  private answer?: (outcome: PullOutcome) => void;

  constructor(
    private readonly connection: QueueConnection,
    stream: WorkStream,
    partition: number,
  ) {
    this.requestSubject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumerName(stream, partition)}`;
    this.request = Buffer.from(JSON.stringify({ batch: 1, expires: nanos(expiresMs) }));
    this.subscription = connection.nats.subscribe(this.inbox, {
      callback: (error, message) => (error ? this.conclude('refused') : this.receive(message)),
    });
  }

  /** The next message, or why there is none yet: at the latest after 7 s. To be called again only when it has resolved. */
  async next(): Promise<PullOutcome> {
    const waiting = this.arrived.shift();
    if (waiting) return waiting;
    if (this.connection.nats.isClosed()) return 'refused';
    const outcome = new Promise<PullOutcome>((resolve) => {
      this.answer = resolve;
    });
    const overdue = setTimeout(() => this.wake(), expiresMs + overdueMs);
    try {
      this.connection.nats.publish(this.requestSubject, this.request, { reply: this.inbox });
      return await outcome;
    } finally {
      clearTimeout(overdue);
      this.answer = undefined;
    }
  }

  /** Ends the wait in `next`: after a reconnect the server knows nothing of the request any more. */
  wake(): void {
    this.conclude('none');
  }

  /**
   * Takes back the request and waits until the server has confirmed it, so that nothing arrives afterwards.
   * @returns what had arrived and nobody asked for any more
   */
  async close(): Promise<Delivery[]> {
    if (this.connection.connected) await this.subscription.drain();
    else this.subscription.unsubscribe();
    this.wake();
    return this.arrived.splice(0);
  }

  private receive(message: Msg): void {
    // A message keeps the subject that it was published with; a status comes on the inbox itself.
    if (message.subject === this.inbox) return this.conclude(outcomeOf(message));
    const delivery = new Delivery(this.connection, message);
    // Nobody waits when it answers a request that had been given up.
    if (this.answer) this.conclude(delivery);
    else this.arrived.push(delivery);
  }

  private conclude(outcome: PullOutcome): void {
    const answer = this.answer;
    this.answer = undefined;
    answer?.(outcome);
  }
}

/** Status codes: 404 no messages, 408 expired, 409 with the reason as text, 503 nobody listens on the request's subject. */
function outcomeOf({ headers }: Msg): PullOutcome {
  const description = headers?.description.toLowerCase() ?? '';
  if (headers?.code === 503 || description.includes('consumer deleted')) return 'missing';
  return headers?.code === 404 || headers?.code === 408 ? 'none' : 'refused';
}
