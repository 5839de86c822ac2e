import { setTimeout as wait } from 'node:timers/promises';
import type { Delivery } from './delivery';
import type { PullSubscription } from './pull-subscription';

const afterRefusalMs = 250;
const afterFailedRestoreMs = 1_000;

/** Works through one partition, one message after the other, and never stops by itself. */
export class PartitionConsumer {
  private closing = false;
  private readonly running: Promise<void>;

  /**
   * @param handle ends each delivery; does not throw
   * @param restore brings the consumer back when it is gone; may throw when the server is not ready yet
   */
  constructor(
    private readonly pull: PullSubscription,
    private readonly handle: (delivery: Delivery) => Promise<void>,
    private readonly restore: () => Promise<void>,
  ) {
    this.running = this.run();
  }

  /** To be called after a reconnect. */
  wake(): void {
    this.pull.wake();
  }

  /** Takes nothing new, waits for the handler at work, and gives back what the server had sent already. */
  async close(): Promise<void> {
    this.closing = true;
    const late = await this.pull.close();
    await Promise.all([this.running, ...late.map(giveBack)]);
  }

  private async run(): Promise<void> {
    while (!this.closing) {
      const outcome = await this.pull.next();
      if (outcome === 'missing') await this.tryRestore();
      else if (outcome === 'refused') await wait(afterRefusalMs);
      else if (outcome !== 'none') await (this.closing ? giveBack(outcome) : this.handle(outcome));
    }
  }

  private async tryRestore(): Promise<void> {
    if (this.closing) return;
    try {
      await this.restore();
    } catch {
      // `restore` has logged why; the server may need a moment.
      await wait(afterFailedRestoreMs);
    }
  }
}

/** At once, so that a replica gets it. */
async function giveBack(delivery: Delivery): Promise<void> {
  await delivery.settle({ verb: 'nak', delayMs: 0 });
}
