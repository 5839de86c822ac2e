import { BridgeError } from '@bridge/contracts';
import type { Logger } from '@bridge/platform';
import type { ProxyMetrics, Removed } from '../proxy-metrics';

/** Something that is cleared away again and again. */
export interface Task {
  readonly what: Removed;
  readonly everyMs: number;
  /** @returns how many; undefined where another replica does so now */
  readonly remove: () => Promise<number | undefined>;
}

/** After a failure it is tried again so soon, where it would not be sooner anyhow. */
const AFTER_FAILURE_MS = 600_000;

/** Clears away what has had its time: each task at the start, and then again and again. */
export class Housekeeping {
  private readonly timers = new Map<Task, NodeJS.Timeout>();
  private isStopped = false;

  constructor(
    private readonly tasks: readonly Task[],
    private readonly metrics: ProxyMetrics,
    private readonly logger: Pick<Logger, 'log' | 'warn'>,
  ) {}

  /** Returns at once: nobody waits for it. */
  start(): void {
    for (const task of this.tasks) this.schedule(task, 0);
  }

  stop(): void {
    this.isStopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  private schedule(task: Task, delayMs: number): void {
    if (this.isStopped) return;
    const act = async (): Promise<void> => {
      const isDone = await this.run(task);
      this.schedule(task, isDone ? task.everyMs : Math.min(task.everyMs, AFTER_FAILURE_MS));
    };
    this.timers.set(
      task,
      setTimeout(() => void act(), delayMs),
    );
  }

  /** Does not throw. @returns false where it failed */
  private async run({ what, remove }: Task): Promise<boolean> {
    try {
      const count = (await remove()) ?? 0;
      this.metrics.removed.inc({ what }, count);
      if (count > 0) this.logger.log({ msg: 'Cleared away', what, count });
      return true;
    } catch (error) {
      this.metrics.removalFailures.inc({ what });
      // An error that is not ours may quote an id.
      const reason = error instanceof BridgeError ? error.message : (error as Error).name;
      this.logger.warn({ msg: 'Could not be cleared away, will be tried again', what, reason });
      return false;
    }
  }
}
