import { Injectable } from '@nestjs/common';
import { TransientError } from '@bridge/contracts';

/** First step and ceiling of the time that an unreachable server is left alone, in milliseconds. */
const baseMs = 500;
const capMs = 30_000;
/** How long a server that was reached is taken to be there, in milliseconds. */
const freshMs = 30_000;

/**
 * Partner homeservers that could not be reached a moment ago (away, or limiting their rate: our homeserver answers 502
 * for both). Each try takes our homeserver seconds: while one server is left alone, nothing waits for it.
 */
@Injectable()
export class PartnerServers {
  private readonly away = new Map<string, { failures: number; until: number }>();
  private readonly reachedAt = new Map<string, number>();

  /** @throws TransientError, with the time that is left, while the server is left alone */
  check(server: string): void {
    const retryAfterMs = (this.away.get(server)?.until ?? 0) - Date.now();
    if (retryAfterMs <= 0) return;
    throw new TransientError('partner-away', 'The homeserver of somebody invited could not be reached', {
      advice: 'Passes by itself when their homeserver can be reached again; nothing else waits for it.',
      retryAfterMs,
    });
  }

  /** Whether it was reached a moment ago. */
  isFresh(server: string): boolean {
    return Date.now() - (this.reachedAt.get(server) ?? -Infinity) < freshMs;
  }

  failed(server: string): void {
    this.reachedAt.delete(server);
    const failures = (this.away.get(server)?.failures ?? 0) + 1;
    const waitMs = Math.min(capMs, baseMs * 2 ** Math.min(failures, 20));
    this.away.set(server, { failures, until: Date.now() + waitMs });
  }

  reached(server: string): void {
    this.away.delete(server);
    this.reachedAt.set(server, Date.now());
  }
}
