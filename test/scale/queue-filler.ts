import type { MessageKind } from '@bridge/contracts';
import { messageHeaders, partitionOf, workSubject } from '@bridge/queue';
import { headers, type JetStreamClient, type NatsConnection } from 'nats';
import type { Keyed, Numbered } from './made-messages';

/** Under way to the queue at the same time. No conversation is among them twice, so that its order is kept. */
const atOnce = 256;

/** Which messages go into the queue: `each` of every conversation from 1 to `conversations`, in turn. */
export interface Filling {
  readonly conversations: number;
  readonly each: number;
  /** The number of the first message of each conversation. */
  readonly from: number;
}

/** Puts numbered messages on their work queue as the bridge does, but many at a time: a long backlog is made soon. */
export class QueueFiller {
  private readonly jetStream: JetStreamClient;

  constructor(
    nats: NatsConnection,
    private readonly partitions: number,
  ) {
    this.jetStream = nats.jetstream({ timeout: 60_000 });
  }

  /** Resolves when the queue has stored all of them. */
  async fill<K extends MessageKind>(
    { kind, message }: Numbered<K>,
    { conversations, each, from }: Filling,
  ): Promise<void> {
    for (let number = from; number < from + each; number++)
      for (let first = 1; first <= conversations; first += atOnce) {
        const count = Math.min(atOnce, conversations - first + 1);
        const run = Array.from({ length: count }, (_, index) => message(first + index, number));
        await Promise.all(run.map((each) => this.publish(kind, each)));
      }
  }

  /** Resolves when the queue has stored it. */
  async publish<K extends MessageKind>(kind: K, { key, data }: Keyed<K>): Promise<void> {
    const fields = headers();
    fields.set(messageHeaders.key, key);
    const subject = workSubject(kind, partitionOf(key, this.partitions));
    await this.jetStream.publish(subject, JSON.stringify(data), { headers: fields });
  }
}
