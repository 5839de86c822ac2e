import { setTimeout as wait } from 'node:timers/promises';
import {
  type Consumer,
  type ConsumerMessages,
  Events,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  type NatsConnection,
  NatsError,
  connect,
} from 'nats';
// Not a QueueConnection: that waits for its server at the start, and has streams that no proxy needs.
import { connectionOptions } from '@bridge/queue';
import type { Delivered } from './report-receiver';
import {
  REPORT_CONSUMER,
  REPORT_STREAM,
  REPORT_SUBJECT,
  type ReportStreamLimits,
  ensureReportStream,
} from './report-stream';

export interface ReportQueueOptions {
  readonly url: string;
  readonly limits: ReportStreamLimits;
  /** Sends a report; does not throw. */
  readonly post: (report: Uint8Array, signal: AbortSignal) => Promise<Delivered>;
  /** The queue did not take a report. */
  readonly onLost: () => void;
  readonly onDelivered: (outcome: Delivered) => void;
  /** Told once for each time that the queue is away. */
  readonly onAway: (error: unknown) => void;
}

const REQUEST_TIMEOUT_MS = 5_000;
/** Whoever reads the metrics does not wait long. */
const LOOK_TIMEOUT_MS = 1_000;
const BETWEEN_TRIES_MS = 2_000;
const CLOSE_LIMIT_MS = 5_000;
/** Reports on their way into the queue at once: when it is slow, more are dropped and memory is not filled. */
const MAX_UNDER_WAY = 1_000;
const BATCH = 10;
const FETCH_EXPIRES_MS = 5_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;

/** Keeps reports in JetStream until their receiver has them. The calls that they are of wait for none of it. */
export class ReportQueue {
  private nats: NatsConnection | undefined;
  private jetStream: JetStreamClient | undefined;
  private looks: JetStreamManager | undefined;
  private isConnected = false;
  private isAwayTold = false;
  private underWay = 0;
  private fetching: ConsumerMessages | undefined;
  private running: Promise<void> | undefined;
  private readonly closing = new AbortController();

  constructor(private readonly options: ReportQueueOptions) {}

  /** Returns at once. Looks for its server until there is one. */
  start(): void {
    this.running = this.run();
  }

  /** Returns at once. A report that the queue does not take now is lost, and counted. */
  put(report: object): void {
    if (!this.jetStream || !this.isConnected || this.underWay >= MAX_UNDER_WAY) return this.options.onLost();
    this.underWay += 1;
    void this.jetStream
      .publish(REPORT_SUBJECT, Buffer.from(JSON.stringify(report)))
      .catch(() => this.options.onLost())
      .finally(() => (this.underWay -= 1));
  }

  /** How many wait. @returns undefined where the queue does not answer */
  async waiting(): Promise<number | undefined> {
    if (!this.isConnected || !this.jetStream) return undefined;
    const info = await this.looks?.streams.info(REPORT_STREAM).catch(() => undefined);
    return info?.state.messages;
  }

  /** Gives back what is under way: another replica sends it, or this one when it is back. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.fetching?.close();
    await Promise.race([this.running, wait(CLOSE_LIMIT_MS, undefined, { ref: false })]);
    const { nats } = this;
    if (!nats || nats.isClosed()) return;
    if (this.isConnected) await Promise.race([nats.drain(), wait(CLOSE_LIMIT_MS, undefined, { ref: false })]);
    await nats.close();
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      try {
        const consumer = await this.open();
        this.isAwayTold = false;
        while (!signal.aborted) await this.sendSome(consumer);
      } catch (error) {
        if (!this.isAwayTold && !signal.aborted) this.options.onAway(error);
        this.isAwayTold = true;
        await wait(BETWEEN_TRIES_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** The connection, once; the stream and its consumer each time: somebody may have deleted them. */
  private async open(): Promise<Consumer> {
    const { url, limits } = this.options;
    if (!this.nats || this.nats.isClosed()) {
      this.nats = await connect(connectionOptions({ url, app: 'messenger-proxy' }));
      this.isConnected = true;
      void this.follow(this.nats);
    }
    const manager = await this.nats.jetstreamManager({ timeout: REQUEST_TIMEOUT_MS });
    await ensureReportStream(manager, limits);
    this.looks = await this.nats.jetstreamManager({ timeout: LOOK_TIMEOUT_MS, checkAPI: false });
    this.jetStream = this.nats.jetstream({ timeout: REQUEST_TIMEOUT_MS });
    return this.jetStream.consumers.get(REPORT_STREAM, REPORT_CONSUMER);
  }

  private async follow(nats: NatsConnection): Promise<void> {
    for await (const { type } of nats.status()) {
      if (type === Events.Disconnect) this.isConnected = false;
      else if (type === Events.Reconnect) this.isConnected = true;
    }
    this.isConnected = false;
  }

  private async sendSome(consumer: Consumer): Promise<void> {
    const messages = await consumer.fetch({ max_messages: BATCH, expires: FETCH_EXPIRES_MS });
    this.fetching = messages;
    const work: Promise<void>[] = [];
    try {
      for await (const message of messages) work.push(this.send(message));
    } finally {
      await Promise.all(work);
    }
  }

  /** Does not throw: a report whose end the queue was not told of comes again. */
  private async send(message: JsMsg): Promise<void> {
    const { signal } = this.closing;
    const outcome = signal.aborted ? 'later' : await this.options.post(message.data, signal);
    this.options.onDelivered(outcome);
    try {
      if (outcome === 'sent') message.ack();
      else if (outcome === 'refused') message.term();
      else message.nak(signal.aborted ? 0 : backoffMs(message.info.deliveryCount));
    } catch (error) {
      if (!(error instanceof NatsError)) throw error;
    }
  }
}

/** Doubled from try to try, with jitter. @param tries so far, 1 for the first */
export function backoffMs(tries: number, random = Math.random()): number {
  const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(tries - 1, 30));
  return Math.round((0.5 + random / 2) * ceiling);
}
