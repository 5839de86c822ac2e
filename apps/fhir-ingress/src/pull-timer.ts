import { Logger } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import type { BeforeApplicationShutdown } from '@nestjs/common';

/**
 * Queues a pull of every source when the app starts and at a fixed interval after that, whether a notification came
 * or not: no FHIR server promises to deliver all of them.
 */
export class PullTimer implements BeforeApplicationShutdown {
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly publisher: Pick<QueuePublisher, 'publish'>,
    private readonly sources: readonly string[],
    private readonly intervalMs: number,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** Call it once. */
  start(): void {
    this.timer = setInterval(() => void this.pullAll(), this.intervalMs);
    void this.pullAll();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async pullAll(): Promise<void> {
    // The same id in every replica and for the whole interval: the queue keeps one of them.
    const interval = Math.floor(Date.now() / this.intervalMs);
    await Promise.all(this.sources.map((source) => this.pull(source, `${source}:timer:${interval}`)));
  }

  private async pull(source: string, id: string): Promise<void> {
    try {
      await this.publisher.publish('fhir.pull', source, { source }, { id });
    } catch (error) {
      // The next interval's pull reads from the same cursor, so it covers this one.
      this.logger.warn({ err: error, source, msg: 'The pull could not be queued' }, PullTimer.name);
    }
  }
}
