import { BridgeError } from '@bridge/contracts';
import { Homeserver } from '@bridge/matrix';
import { type Config, Logger, Metrics, Readiness } from '@bridge/platform';
import type { BeforeApplicationShutdown } from '@nestjs/common';

/** The pause between pings doubles up to this many times the silence that begins them. */
const LONGEST_PAUSE = 6;

const ADVICE =
  'The homeserver and the bridge have to agree: look whether the homeserver has loaded the registration file, whether ' +
  'its url leads to as-ingress, whether its tokens are MATRIX_HS_TOKEN and MATRIX_AS_TOKEN, and whether ' +
  'MATRIX_HOMESERVER_URL leads to the homeserver.';

/**
 * Tells silence because nobody speaks from silence because the homeserver does not reach the bridge: without it, a
 * registration that was made anew leaves the bridge deaf, and nobody notices. When no transaction has come for
 * `silenceMs`, the homeserver is asked to call `/ping`, again and again with growing pauses until one comes.
 * The answer is in the metrics, in the log, and beside the readiness of this process, which it does not change: a
 * restart would mend nothing.
 */
export class TransactionWatchdog implements BeforeApplicationShutdown {
  private readonly lastTransaction;
  private readonly pings;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  /** Milliseconds since 1970. */
  private readonly startedAt = Date.now();
  private lastAt: number | undefined;
  /** Pings since the last transaction, and what came of the latest. */
  private silence: { readonly pings: number; readonly reached: boolean } | undefined;

  constructor(
    private readonly config: Pick<Config['appservice'], 'id' | 'silenceMs'>,
    private readonly homeserver: Pick<Homeserver, 'pingAppservice'>,
    readiness: Pick<Readiness, 'registerDetail'>,
    metrics: Pick<Metrics, 'counter' | 'gauge'>,
    private readonly logger: Pick<Logger, 'log' | 'error'>,
  ) {
    this.lastTransaction = metrics.gauge(
      'bridge_as_last_transaction_timestamp_seconds',
      'When the latest transaction came, in seconds since 1970; 0: none since this process started.',
    );
    this.pings = metrics.counter(
      'bridge_as_silence_pings_total',
      'Pings asked for because no transaction came, by whether the homeserver reached this bridge.',
      ['outcome'],
    );
    for (const outcome of ['reached', 'failed']) this.pings.inc({ outcome }, 0);
    readiness.registerDetail('transactions', () => this.describe());
  }

  /** Begins to watch. Call it once, when the app listens. */
  start(): void {
    this.checkIn(this.config.silenceMs);
  }

  /** A transaction came: the homeserver reaches this bridge. */
  transactionCame(): void {
    this.lastAt = Date.now();
    this.lastTransaction.set(this.lastAt / 1000);
    // The timer may be a long pause into a silence that has just ended.
    if (this.silence) this.checkIn(this.config.silenceMs);
    this.silence = undefined;
  }

  beforeApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private checkIn(ms: number): void {
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => void this.check(), ms).unref();
  }

  private async check(): Promise<void> {
    const left = this.config.silenceMs - this.silentMs();
    if (left > 0) return this.checkIn(left);
    const before = this.lastAt;
    const pings = (this.silence?.pings ?? 0) + 1;
    const reached = await this.ping();
    // A transaction that came meanwhile has answered the question.
    if (this.lastAt !== before) return this.checkIn(this.config.silenceMs);
    this.silence = { pings, reached };
    this.checkIn(this.config.silenceMs * Math.min(2 ** pings, LONGEST_PAUSE));
  }

  private async ping(): Promise<boolean> {
    const silentMs = this.silentMs();
    try {
      await this.homeserver.pingAppservice(this.config.id);
      this.pings.inc({ outcome: 'reached' });
      const msg = 'No transaction for a while; the homeserver reaches this bridge';
      this.logger.log({ silentMs, msg }, TransactionWatchdog.name);
      return true;
    } catch (error) {
      this.pings.inc({ outcome: 'failed' });
      const failureClass = error instanceof BridgeError ? error.failureClass : 'unexpected';
      const msg = 'No transaction for a while, and the homeserver could not be made to call this bridge';
      this.logger.error(
        { err: error, failureClass, silentMs, advice: ADVICE, msg },
        TransactionWatchdog.name,
      );
      return false;
    }
  }

  private silentMs(): number {
    return Date.now() - (this.lastAt ?? this.startedAt);
  }

  private describe(): string {
    const last =
      this.lastAt === undefined ? 'none since the start' : `last ${new Date(this.lastAt).toISOString()}`;
    if (!this.silence) return last;
    return `${last}; ${this.silence.reached ? 'the homeserver reaches this bridge' : 'the homeserver does not reach this bridge, see the log'}`;
  }
}
