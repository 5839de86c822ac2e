import { Logger } from '@nestjs/common';
import { type KV, NatsError, StorageType } from 'nats';
import type { QueueConnection } from './queue-connection';

/** One bucket for all of them, each under its name. */
const bucketName = 'BRIDGE_NUMBERS';

/**
 * A whole number that the replicas of an app share. NATS keeps it in memory: it may be forgotten, and whoever reads it has
 * to do without. That makes it cheap: nothing waits for a disk.
 */
export class SharedNumber {
  private readonly logger = new Logger(SharedNumber.name);
  private bucket?: Promise<KV>;

  /** @param name letters, digits, `-` and `_` */
  constructor(
    private readonly connection: QueueConnection,
    private readonly name: string,
  ) {}

  /** Undefined when nobody has written it since NATS was started, or NATS does not answer now. */
  async read(): Promise<number | undefined> {
    const entry = await this.use((bucket) => bucket.get(this.name));
    const value = Number(entry?.string());
    return Number.isSafeInteger(value) ? value : undefined;
  }

  /** Resolves when every replica reads it, or NATS does not answer now. */
  async write(value: number): Promise<void> {
    await this.use((bucket) => bucket.put(this.name, String(value)));
  }

  private async use<T>(act: (bucket: KV) => Promise<T>): Promise<T | undefined> {
    if (!this.connection.connected) return undefined;
    try {
      return await act(await this.open());
    } catch (error) {
      this.bucket = undefined;
      if (!(error instanceof NatsError)) throw error;
      this.logger.debug({ err: error, msg: 'A shared number is not known now' });
      return undefined;
    }
  }

  private open(): Promise<KV> {
    return (this.bucket ??= this.connection.jetStream.views.kv(bucketName, {
      storage: StorageType.Memory,
      replicas: this.connection.config.replicas,
    }));
  }
}
