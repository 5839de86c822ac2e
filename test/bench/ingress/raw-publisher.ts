import { connect, headers, type JetStreamManager, type NatsConnection } from 'nats';
import { messageHeaders, partitionOf, workSubject } from '@bridge/queue';
import type { MadeEvent } from './made-events';

const kind = 'matrix.m.room.message';
const partitions = 32;

/** Publishes to the bridge's own stream without the bridge: the same bytes, subjects and ids, the same durability. */
export class RawPublisher {
  private constructor(
    private readonly connection: NatsConnection,
    private readonly manager: JetStreamManager,
  ) {}

  static async connect(natsUrl: string): Promise<RawPublisher> {
    const connection = await connect({ servers: natsUrl, noAsyncTraces: true });
    return new RawPublisher(connection, await connection.jetstreamManager());
  }

  /** Those of one transaction are under way together, the next transaction when all of them are stored. */
  async publish(transactions: readonly (readonly MadeEvent[])[]): Promise<void> {
    const jetStream = this.connection.jetstream();
    for (const events of transactions) {
      const stored = events.map((event) => {
        const subject = workSubject(kind, partitionOf(event.room_id, partitions));
        const fields = headers();
        fields.set(messageHeaders.key, event.room_id);
        const msgID = `${kind}:${event.event_id}`;
        return jetStream.publish(subject, JSON.stringify(event), { msgID, headers: fields });
      });
      await Promise.all(stored);
    }
  }

  /** @returns how many messages the work queue held before it was emptied */
  async emptyQueue(): Promise<number> {
    return (await this.manager.streams.purge('MAPPING')).purged;
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}
