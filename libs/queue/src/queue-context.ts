import type { MessageKind, WorkStream } from '@bridge/contracts';
import type { Delivery } from './delivery';
import { messageHeaders } from './message-headers';

/** What a handler may know about the message that it was given: `@Ctx() context: QueueContext`. */
export class QueueContext {
  readonly kind: MessageKind;
  readonly partition: number;
  /** The ordering key that the message was published with. */
  readonly key?: string;
  /** Its number in the stream. */
  readonly sequence: number;
  /** Deliveries so far, this one counted: 1 for the first. */
  readonly attempts: number;
  /** When JetStream stored it, by the server's clock. */
  readonly storedAt: Date;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly stream: WorkStream,
    delivery: Delivery,
  ) {
    this.kind = delivery.kind as MessageKind;
    this.partition = delivery.partition;
    this.key = delivery.header(messageHeaders.key);
    this.sequence = delivery.sequence;
    this.attempts = delivery.attempts;
    this.storedAt = delivery.storedAt;
    this.headers = delivery.headers;
  }
}
