import { setTimeout as delay } from 'node:timers/promises';
import { Homeserver } from '@bridge/matrix';
import { Logger } from '@bridge/platform';
import { QueueConnection } from '@bridge/queue';
import type { BeforeApplicationShutdown } from '@nestjs/common';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 60_000;
/**
 * After a transaction was refused. Synapse repeats it by itself after 2 s, unless an outage before has made it patient. Not
 * sooner: woken amid a repetition, Synapse begins another beside it.
 */
const FIRST_REFUSED_MS = 10_000;

/**
 * Tells the homeserver that the bridge takes transactions again. After an outage Synapse waits up to 512 s before it
 * repeats; an appservice ping makes it repeat at once (measured).
 * In the background and as long as it takes: the homeserver may start after the bridge, and neither needs the other to
 * be up.
 */
export class HomeserverWakeUp implements BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private wanted = false;
  private pinging = false;
  /** Transactions refused since the last one that was stored. */
  private refusals = 0;
  private afterRefusal: NodeJS.Timeout | undefined;

  constructor(
    private readonly homeserver: Pick<Homeserver, 'pingAppservice'>,
    private readonly appserviceId: string,
    private readonly queue: Pick<QueueConnection, 'onReconnect'>,
    private readonly logger: Pick<Logger, 'log' | 'warn'>,
  ) {}

  /** Wakes the homeserver now and whenever the queue is back. Call it once, when the app listens. */
  start(): void {
    this.queue.onReconnect(() => this.wake());
    this.wake();
  }

  /** To be called when a transaction comes: the homeserver is awake. */
  transactionCame(): void {
    clearTimeout(this.afterRefusal);
    this.afterRefusal = undefined;
  }

  /**
   * To be called when a transaction was refused: when none comes for a while, the homeserver is woken, however long it
   * would have waited. While more are refused, the pauses double up to a minute.
   */
  transactionRefused(): void {
    if (this.afterRefusal || this.stop.signal.aborted) return;
    const wait = doubled(FIRST_REFUSED_MS, this.refusals++);
    this.afterRefusal = setTimeout(() => {
      this.afterRefusal = undefined;
      this.wake();
    }, wait).unref();
  }

  /** To be called when a transaction was stored. */
  transactionStored(): void {
    this.refusals = 0;
  }

  beforeApplicationShutdown(): void {
    this.stop.abort();
    clearTimeout(this.afterRefusal);
  }

  /** While a ping is under way one more follows it: that one may have come too early. */
  private wake(): void {
    this.wanted = true;
    if (!this.pinging) void this.pingUntilDone();
  }

  private async pingUntilDone(): Promise<void> {
    this.pinging = true;
    for (let failures = 0; this.wanted && !this.stop.signal.aborted;) {
      this.wanted = false;
      try {
        const { durationMs } = await this.homeserver.pingAppservice(this.appserviceId);
        failures = 0;
        this.logger.log({ durationMs, msg: 'The homeserver reaches this bridge' }, HomeserverWakeUp.name);
      } catch (error) {
        this.wanted = true;
        this.logger.warn({ err: error, msg: 'The homeserver could not be pinged' }, HomeserverWakeUp.name);
        await this.pause(failures++);
      }
    }
    this.pinging = false;
  }

  /** Exponential, with jitter so that replicas do not ping in step. Ends early when the app stops. */
  private async pause(failures: number): Promise<void> {
    const wait = doubled(FIRST_DELAY_MS, failures) * (0.5 + Math.random() / 2);
    await delay(wait, undefined, { signal: this.stop.signal, ref: false }).catch(() => undefined);
  }
}

const doubled = (firstMs: number, times: number): number => Math.min(LONGEST_DELAY_MS, firstMs * 2 ** times);
