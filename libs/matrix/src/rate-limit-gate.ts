import { TransientError } from '@bridge/contracts';

/** For a 429 that says nothing of how long, in milliseconds. */
const unsaidMs = 1_000;

/**
 * Keeps a process from calling a homeserver that has asked for patience (429 with `retry_after_ms`): each further call
 * would only lengthen the wait.
 */
export class RateLimitGate {
  private closedUntil = 0;

  /** @throws TransientError, with the time that is left, while the homeserver wants no calls */
  pass(operation: string): void {
    const retryAfterMs = this.closedUntil - Date.now();
    if (retryAfterMs <= 0) return;
    throw new TransientError(
      'homeserver-busy',
      `The homeserver has asked for patience: could not ${operation}`,
      {
        advice: 'Passes by itself; when it lasts, set rate_limited: false in the registration file.',
        retryAfterMs,
      },
    );
  }

  /** Closes when a call has failed for too many calls. */
  note(failure: unknown): void {
    const { statusCode, retryAfterMs } = (failure ?? {}) as { statusCode?: unknown; retryAfterMs?: unknown };
    if (statusCode !== 429) return;
    const waitMs = typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : unsaidMs;
    this.closedUntil = Math.max(this.closedUntil, Date.now() + waitMs);
  }
}
