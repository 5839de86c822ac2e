import { setTimeout as wait } from 'node:timers/promises';

export interface GateOptions {
  /** With more messages than these it is closed. */
  readonly most: number;
  /** How often the backlog is looked at. */
  readonly everyMs: number;
  /** Ends the looking, and every wait. */
  readonly signal: AbortSignal;
}

/**
 * Lets people talk as fast as the bridge brings it: while too many messages wait in the work queues, nobody says anything.
 * Otherwise a machine that is too slow for the traffic would have most of the run's messages still to bring when the faults
 * are over, and every fault would meet the same long queue.
 */
export class BacklogGate {
  private isOpen = true;

  /** @param backlog how many messages wait; while that cannot be had, the gate stays as it is */
  constructor(
    private readonly backlog: () => Promise<number>,
    private readonly options: GateOptions,
  ) {
    void this.watch();
  }

  /** Resolves when the gate is open, or nobody looks any more. */
  async pass(): Promise<void> {
    while (!this.isOpen && !this.options.signal.aborted) await this.pause();
  }

  private async watch(): Promise<void> {
    while (!this.options.signal.aborted) {
      const waiting = await this.backlog().catch(() => undefined);
      if (waiting !== undefined) this.isOpen = waiting <= this.options.most;
      await this.pause();
    }
  }

  private async pause(): Promise<void> {
    const { everyMs, signal } = this.options;
    await wait(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
