import { setTimeout as wait } from 'node:timers/promises';
import { nanos, type Msg } from 'nats';
import type { QueueConnection } from './queue-connection';
import { parseWorkSubject } from './subject';

/** How a delivery ends: done, again after so many milliseconds, or never again. */
export type Settlement =
  { verb: 'ack' } | { verb: 'nak'; delayMs: number } | { verb: 'term'; reason: string };

const confirmationMs = 1_000;
const requestsWithoutAnswer = 2;
const betweenTriesMs = 50;

/**
 * One delivery of one message. The ack protocol and the numbers in the reply subject
 * (`$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<stored at, ns>.<pending>`)
 * are those of NATS' ADR-15.
 */
export class Delivery {
  /** As its subject has it: perhaps none that this version knows. */
  readonly kind: string;
  readonly partition: number;
  readonly attempts: number;
  readonly sequence: number;
  readonly storedAt: Date;

  constructor(
    private readonly connection: QueueConnection,
    private readonly message: Msg,
  ) {
    const { kind, partition } = parseWorkSubject(message.subject);
    this.kind = kind;
    this.partition = partition;
    const tokens = (message.reply ?? '').split('.');
    const [attempts, sequence, , storedAt] = (tokens.length > 9 ? tokens.slice(6) : tokens.slice(4)).map(
      Number,
    );
    this.attempts = attempts ?? 1;
    this.sequence = sequence ?? 0;
    this.storedAt = new Date((storedAt ?? 0) / 1e6);
  }

  get subject(): string {
    return this.message.subject;
  }

  get payload(): Uint8Array {
    return this.message.data;
  }

  header(name: string): string | undefined {
    return this.message.headers?.get(name) || undefined;
  }

  get headers(): Readonly<Record<string, string>> {
    const all = this.message.headers;
    return Object.fromEntries((all?.keys() ?? []).map((name) => [name, all?.get(name) ?? '']));
  }

  /** Tells the server that the work goes on, so that it does not give the message to somebody else. */
  working(): void {
    if (this.connection.connected) this.message.respond(Buffer.from('+WPI'));
  }

  /**
   * Ends the delivery, and has the server confirm it. Repeats over a break of the connection, because a lost ack holds
   * the whole partition up until `ack_wait` is over. A server that was killed may have forgotten this delivery; it then
   * answers nothing, and gives the message out again at the next request: insisting would only hold that up.
   * @returns whether the server confirmed; if not, the message is delivered again
   */
  async settle(settlement: Settlement): Promise<boolean> {
    const payload = Buffer.from(protocolText(settlement));
    const deadline = Date.now() + this.connection.config.ackWaitMs;
    let unanswered = 0;
    while (unanswered < requestsWithoutAnswer && Date.now() < deadline && !this.connection.nats.isClosed()) {
      if (!this.connection.connected) await wait(betweenTriesMs);
      else if (await this.request(payload)) return true;
      else if (this.connection.connected) unanswered += 1;
    }
    return false;
  }

  private async request(payload: Uint8Array): Promise<boolean> {
    try {
      await this.connection.nats.request(this.message.reply ?? '', payload, { timeout: confirmationMs });
      return true;
    } catch {
      // No answer in time, or a connection that broke under it: the caller tries again until its deadline.
      return false;
    }
  }
}

function protocolText(settlement: Settlement): string {
  switch (settlement.verb) {
    case 'ack':
      return '+ACK';
    case 'nak':
      return `-NAK ${JSON.stringify({ delay: nanos(settlement.delayMs) })}`;
    case 'term':
      return `+TERM ${settlement.reason}`;
  }
}
