import { BridgeError, type Recovery } from '@bridge/contracts';

/** A failure that the message outlives. */
type Passing = Exclude<Recovery, 'permanent'>;

/** How long to wait for the next try. Full jitter: workers that failed together do not come back together. */
interface Backoff {
  /** First step and ceiling, in milliseconds; doubled from try to try. */
  readonly baseMs: number;
  readonly capMs: number;
  /** The part of each step that jitter does not take away, 0 … 1. */
  readonly atLeast: number;
}

/**
 * Nobody mends a setting within a second, and a server may lock out who shows it a wrong credential again and again. A
 * minute at most all the same: what waits has to flow soon after it is mended.
 */
const backoffs: Readonly<Record<Passing, Backoff>> = {
  transient: { baseMs: 200, capMs: 60_000, atLeast: 0 },
  'needs-person': { baseMs: 5_000, capMs: 60_000, atLeast: 0.5 },
};

/** An error that nobody foresaw gets this many deliveries: enough for a bad moment, too few to block a conversation for long. */
const deliveriesForUnexpected = 5;
const unexpected = 'unexpected';

export type Verdict =
  | {
      readonly action: 'retry';
      readonly recovery: Passing;
      readonly failureClass: string;
      readonly delayMs: number;
    }
  | { readonly action: 'dead-letter'; readonly failureClass: string; readonly reason: string };

/**
 * What becomes of a message whose handler failed.
 * @param attempts deliveries so far, this one counted: 1 for the first
 * @param random 0 … 1, for the jitter
 */
export function verdictOn(error: unknown, attempts: number, random: number = Math.random()): Verdict {
  if (error instanceof BridgeError) {
    const { recovery, failureClass } = error;
    if (recovery === 'permanent') return { action: 'dead-letter', failureClass, reason: error.message };
    const delayMs = Math.max(backoffMs(recovery, attempts, random), error.retryAfterMs ?? 0);
    return { action: 'retry', recovery, failureClass, delayMs };
  }
  if (attempts < deliveriesForUnexpected) {
    const delayMs = backoffMs('transient', attempts, random);
    return { action: 'retry', recovery: 'transient', failureClass: unexpected, delayMs };
  }
  // The message of an error that is not ours may quote what it choked on: only its name leaves the process.
  const name = error instanceof Error ? error.name : typeof error;
  return { action: 'dead-letter', failureClass: unexpected, reason: `${name}, see the log of the worker.` };
}

/** Exponential backoff with the jitter of its kind of failure, in milliseconds. */
export function backoffMs(recovery: Passing, attempts: number, random: number): number {
  const { baseMs, capMs, atLeast } = backoffs[recovery];
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempts - 1, 30));
  return Math.round((atLeast + (1 - atLeast) * random) * ceiling);
}
