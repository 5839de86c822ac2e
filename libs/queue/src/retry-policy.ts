import { BridgeError } from '@bridge/contracts';

/** First step and ceiling of the backoff, in milliseconds. */
const baseMs = 200;
const capMs = 60_000;

/** An error that nobody foresaw gets this many deliveries: enough for a bad moment, too few to block a conversation for long. */
const deliveriesForUnexpected = 5;

export type Verdict =
  | { readonly action: 'retry'; readonly delayMs: number }
  | { readonly action: 'dead-letter'; readonly failureClass: string; readonly reason: string };

/**
 * What becomes of a message whose handler failed.
 * @param attempts deliveries so far, this one counted: 1 for the first
 * @param random 0 … 1, for the jitter
 */
export function verdictOn(error: unknown, attempts: number, random: number = Math.random()): Verdict {
  if (error instanceof BridgeError) {
    return error.recovery === 'permanent'
      ? { action: 'dead-letter', failureClass: error.failureClass, reason: error.message }
      : { action: 'retry', delayMs: Math.max(backoffMs(attempts, random), error.retryAfterMs ?? 0) };
  }
  if (attempts < deliveriesForUnexpected) {
    return { action: 'retry', delayMs: backoffMs(attempts, random) };
  }
  // The message of an error that is not ours may quote what it choked on: only its name leaves the process.
  const name = error instanceof Error ? error.name : typeof error;
  return { action: 'dead-letter', failureClass: 'unexpected', reason: `${name}, see the log of the worker.` };
}

/** Exponential backoff with full jitter: workers that failed together do not come back together. */
export function backoffMs(attempts: number, random: number): number {
  return Math.round(random * Math.min(capMs, baseMs * 2 ** Math.min(attempts - 1, 30)));
}
