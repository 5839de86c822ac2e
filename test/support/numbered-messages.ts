import { setTimeout as wait } from 'node:timers/promises';
import { TransientError } from '@bridge/contracts';
import type { QueuePublisher } from '@bridge/queue';
import { until } from './until';

/**
 * Publishes `perKey` numbered messages of each key: one key in order, the keys side by side, each message at least 10 ms
 * after the last. Repeats what the queue did not confirm, as the ingresses' senders do.
 * @param numbered.from the number of the first of each key
 */
export async function publishNumbered(
  queue: QueuePublisher,
  { keys, perKey, from = 0 }: { keys: number; perKey: number; from?: number },
): Promise<void> {
  const publishKey = async (key: string): Promise<void> => {
    for (let number = from; number < from + perKey; number += 1) {
      const source = `${key}:${number}`;
      await until(`the queue to take ${source}`, async () => {
        try {
          return await queue.publish('fhir.pull', key, { source }, { id: source });
        } catch (error) {
          if (error instanceof TransientError) return undefined;
          throw error;
        }
      });
      await wait(10);
    }
  };
  await Promise.all(Array.from({ length: keys }, (_, key) => publishKey(`room-${key}`)));
}

/** What was handled of the numbered messages, and in which order. */
export class HandledNumbers {
  size = 0;
  /** Messages handled again. */
  repeats = 0;
  /**
   * Anything but the number after the last one of its key. The last one again is none: everything is delivered at
   * least once.
   */
  readonly orderViolations: string[] = [];
  private readonly last = new Map<string, number>();

  add({ source }: Record<string, unknown>): void {
    const [key = '', text] = String(source).split(':');
    const number = Number(text);
    const last = this.last.get(key) ?? -1;
    if (number === last + 1) {
      this.size += 1;
      this.last.set(key, number);
    } else if (number === last) this.repeats += 1;
    else this.orderViolations.push(`${key}: ${number} after ${last}`);
  }

  async reaches(count: number, withinMs = 30_000): Promise<void> {
    await until(`${count} messages`, () => this.size >= count, withinMs);
  }
}
