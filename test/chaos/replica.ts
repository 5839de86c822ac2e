import { EventEmitter, once } from 'node:events';
import type { ManagedProcess } from '../../deploy/local/src/child-process';

/** Longer than a start that waits for NATS or Postgres in vain, several times over. */
const backWithinMs = 300_000;

/**
 * One of several processes of an app, looked after as an orchestrator would: whenever it has ended it is started again,
 * unless a fault keeps it away. A start that fails, as NATS or Postgres are away just then, is tried again.
 */
export class Replica {
  /** How often it ended without having been killed, after it had been ready: what no process of the bridge may do. */
  endedByItself = 0;
  /** Starts that came to nothing. */
  failedStarts = 0;
  private keptAway?: Promise<void>;
  private wanted = true;
  private watching?: Promise<void>;
  private readonly news = new EventEmitter();

  constructor(readonly process: ManagedProcess) {}

  /** @throws Error with the end of its log when it does not become ready */
  async start(): Promise<void> {
    await this.process.start();
    this.watching = this.watch();
  }

  /**
   * SIGKILL, and away for as long as `hold` takes. Resolves when it is ready again.
   * @throws Error when it does not become so within five minutes
   */
  async killFor(hold: () => Promise<void>): Promise<void> {
    const back = once(this.news, 'ready', { signal: AbortSignal.timeout(backWithinMs) });
    this.keptAway = hold();
    this.process.kill('SIGKILL');
    await Promise.all([this.keptAway, back]).catch((cause: unknown) => {
      throw new Error(`${this.process.spec.name} did not come back:\n${this.process.logTail()}`, { cause });
    });
  }

  /** SIGSTOP, and SIGCONT after `hold`: it holds what it had, and believes that no time has passed. */
  async freezeFor(hold: () => Promise<void>): Promise<void> {
    this.process.kill('SIGSTOP');
    try {
      await hold();
    } finally {
      this.process.kill('SIGCONT');
    }
  }

  async stop(): Promise<void> {
    this.wanted = false;
    this.process.kill('SIGCONT');
    await this.process.stop();
    await this.watching;
  }

  private async watch(): Promise<void> {
    for (;;) {
      await this.process.exited;
      if (!this.wanted) return;
      if (!this.keptAway) this.endedByItself += 1;
      do {
        // The fault itself tells its own failure.
        await this.keptAway?.catch(() => undefined);
        this.keptAway = undefined;
        if (!this.wanted) return;
      } while (!(await this.startAgain()));
      this.news.emit('ready');
    }
  }

  private async startAgain(): Promise<boolean> {
    try {
      await this.process.start();
      return true;
    } catch {
      if (!this.keptAway) this.failedStarts += 1;
      return false;
    }
  }
}
