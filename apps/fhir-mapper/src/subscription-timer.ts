import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { type SubscriptionState, SubscriptionStateStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';

/** What another replica notes is found after this time at the latest, in milliseconds. */
const lookEveryMs = 15_000;
/** As many as one look takes: the next one takes those after them. */
const atOnce = 500;

/**
 * Queues what is due for topic-based Subscriptions. It is in Postgres, so that neither a restart nor another replica
 * makes a difference: of all that queue the same instant, the queue keeps one.
 */
@Injectable()
export class SubscriptionTimer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(SubscriptionTimer.name);
  private next?: { readonly timer: NodeJS.Timeout; readonly at: number };
  private looking = Promise.resolve();
  private isStopping = false;

  constructor(
    private readonly states: SubscriptionStateStore,
    private readonly publisher: QueuePublisher,
  ) {}

  /** At once: what became due while no process ran has waited long enough. */
  onApplicationBootstrap(): void {
    this.lookAt(Date.now());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.next?.timer);
    await this.looking;
  }

  /** Has what this process has noted done in time, where that comes before the next look. */
  wakeFor({ gapDueAt, checkDueAt }: Pick<SubscriptionState, 'gapDueAt' | 'checkDueAt'>): void {
    for (const due of [gapDueAt, checkDueAt]) if (due) this.lookAt(due.getTime());
  }

  private lookAt(at: number): void {
    if (this.isStopping || (this.next && this.next.at <= at)) return;
    clearTimeout(this.next?.timer);
    const timer = setTimeout(() => this.look(), Math.max(0, at - Date.now()));
    this.next = { timer, at };
  }

  private look(): void {
    this.next = undefined;
    // One after the other: a slow look is not overtaken by the next.
    this.looking = this.looking
      .then(() => this.queueDue())
      .then((next) => this.lookAt(Math.min(next, Date.now() + lookEveryMs)));
  }

  /**
   * @returns when there will be more: what was put off since it was noted, as a sign of life puts off the next look, and
   * what the clock says is not due yet though the timer was set for it. In milliseconds since 1970
   */
  private async queueDue(): Promise<number> {
    const now = new Date();
    try {
      for (const { dueAt, ...key } of await this.states.listDue(now, atOnce)) {
        const name = `${key.source}/${key.subscription}`;
        await this.publisher.publish('subscription.due', name, key, { id: `${name} ${dueAt.toISOString()}` });
      }
      return (await this.states.nextDue(now))?.getTime() ?? Infinity;
    } catch (error) {
      // It stays due: the next look finds it again.
      this.logger.warn({ msg: 'What is due for Subscriptions could not be queued', err: error });
      return Infinity;
    }
  }
}
