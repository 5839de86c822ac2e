import { constants } from 'node:os';

/** Why a program ends before its time: the reason of the signal from `abortOnInterrupt`. */
export class Interrupted extends Error {
  /** What a shell reports for a program that ended by this signal. */
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`Interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

// A terminal sends Ctrl-C to npm, to bootstrap.mjs and to us, and those two pass it on: the copies come within
// milliseconds and are not a second wish.
const IMPATIENT_AFTER_MS = 1_000;

/**
 * A signal aborted by SIGINT or SIGTERM with `Interrupted` as its reason. Interrupting again a second later exits at
 * once; the servers are killed then.
 */
export function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  let first: number | undefined;
  const onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (first === undefined) {
      first = performance.now();
      controller.abort(new Interrupted(signal));
    } else if (performance.now() - first > IMPATIENT_AFTER_MS) {
      process.exit(128 + constants.signals[signal]);
    }
  };
  process.on('SIGINT', () => onSignal('SIGINT')).on('SIGTERM', () => onSignal('SIGTERM'));
  return controller.signal;
}
