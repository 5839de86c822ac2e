import { Injectable, Logger, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { HandledEventStore } from '@bridge/persistence';

const hourMs = 3_600_000;
/** Homeservers and comparisons of timelines bring nothing back that is older. */
const keptMs = 30 * 24 * hourMs;
/** Rows of one statement: locks are short, and a backlog of purging stands in nobody's way. */
const batch = 1_000;

/** Forgets events that were handled long ago. Every replica does so; they pass over each other's rows. */
@Injectable()
export class HandledEventPurge implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(HandledEventPurge.name);
  private timer?: NodeJS.Timeout;
  private purging: Promise<void> = Promise.resolve();
  private isStopping = false;

  constructor(private readonly handled: HandledEventStore) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.purging = this.purge().catch((error: unknown) => {
        this.logger.warn({
          msg: 'Old handled events could not be purged, tried again in an hour',
          err: error,
        });
      });
    }, hourMs);
    this.timer.unref();
  }

  /** Deletes, batch by batch, what is older than 30 days. */
  async purge(): Promise<void> {
    const before = new Date(Date.now() - keptMs);
    while (!this.isStopping && (await this.handled.purge(before, batch)) === batch);
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    await this.purging;
  }
}
