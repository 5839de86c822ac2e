import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';

const REMEMBERED = 100;
const REMEMBERED_FOR_MS = 5 * 60_000;

/**
 * Handles a repeated transaction once. Synapse gives up waiting after 60 s and sends the same transaction again while
 * the first may still be running (measured).
 *
 * Only a short-cut, so it may forget: what makes a repetition harmless is the event id. It goes by the body as well as
 * by the id, because the ids start at 1 again when a homeserver is set up anew; by the id alone everything would then
 * be taken for known and dropped.
 */
@Injectable()
export class OncePerTransaction {
  private readonly running = new Map<string, Promise<void>>();
  /** In the order of completion; the value is when to forget, in milliseconds of the epoch. */
  private readonly done = new Map<string, number>();

  /** Settles as the first run of the same transaction does. A failed one is forgotten: the next repetition runs. */
  async run(txnId: string, body: Uint8Array, work: () => Promise<void>): Promise<void> {
    const key = `${createHash('sha256').update(body).digest('base64')} ${txnId}`;
    if ((this.done.get(key) ?? 0) > Date.now()) return;
    const first = this.running.get(key);
    if (first) return first;
    const run = work();
    this.running.set(key, run);
    try {
      await run;
      this.remember(key);
    } finally {
      this.running.delete(key);
    }
  }

  private remember(key: string): void {
    this.done.delete(key);
    this.done.set(key, Date.now() + REMEMBERED_FOR_MS);
    for (const oldest of this.done.keys()) {
      if (this.done.size <= REMEMBERED) break;
      this.done.delete(oldest);
    }
  }
}
