import type { PermanentClass } from './failure-classes';

/**
 * What to do with a failure: try again soon; try again slowly, because a person has to mend something outside of the
 * message first; or hand the message itself to a person.
 */
export type Recovery = 'transient' | 'needs-person' | 'permanent';

export interface BridgeErrorDetails {
  /** The sentence for the person who must act. Never holds message text or patient data. */
  readonly advice: string;
  /** Milliseconds to wait before the next try, where the other side said so (`retry_after_ms`, `Retry-After`). */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * The root of every error the bridge raises on purpose.
 * `failureClass` is a stable kebab-case name for metrics and dead letters; `recovery` decides between retry and dead letter.
 */
export abstract class BridgeError extends Error {
  abstract readonly recovery: Recovery;
  readonly advice: string;
  readonly retryAfterMs?: number;

  constructor(
    readonly failureClass: string,
    message: string,
    details: BridgeErrorDetails,
  ) {
    super(message, { cause: details.cause });
    this.name = new.target.name;
    this.advice = details.advice;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The other side is away, busy or not ready yet: the same work succeeds later without anybody's help. */
export class TransientError extends BridgeError {
  readonly recovery: 'transient' | 'needs-person' = 'transient';
}

/**
 * A setting, a credential or a permission is wrong: nothing is wrong with the message, which succeeds as soon as somebody
 * has done what `advice` says. No message is given up meanwhile.
 */
export class NeedsPersonError extends TransientError {
  override readonly recovery = 'needs-person';
}

/** Repeating cannot help: goes to the dead letters. */
export class PermanentError extends BridgeError {
  readonly recovery = 'permanent' as const;

  constructor(failureClass: PermanentClass, message: string, details: BridgeErrorDetails) {
    super(failureClass, message, details);
  }
}
