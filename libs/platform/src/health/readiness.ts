import { BridgeError } from '@bridge/contracts';

export interface ReadinessReport {
  readonly ready: boolean;
  /** `up`, or in a few words why not. */
  readonly checks: Readonly<Record<string, string>>;
  /** What else an operator may want to know. It has no part in `ready`. Left out where there is none. */
  readonly details?: Readonly<Record<string, string>>;
}

const CHECK_LIMIT_MS = 2000;

/** Whether this process can do its work now: all that it cannot work without registers a check here. */
export class Readiness {
  private readonly checks = new Map<string, () => Promise<void> | void>();
  private readonly details = new Map<string, () => string>();
  private draining = false;

  /** Adds a check. It returns when all is well and throws when not; after 2 seconds it counts as failed. */
  register(name: string, check: () => Promise<void> | void): void {
    if (this.checks.has(name)) throw new Error(`A readiness check named ${name} exists already`);
    this.checks.set(name, check);
  }

  /** Adds a detail to the report, in a few words without patient data. It never makes the process unready. */
  registerDetail(name: string, describe: () => string): void {
    if (this.details.has(name)) throw new Error(`A readiness detail named ${name} exists already`);
    this.details.set(name, describe);
  }

  /** From now on never ready: the process is about to stop, and nobody should send it more. */
  drain(): void {
    this.draining = true;
  }

  /** Runs all checks at the same time. */
  async report(): Promise<ReadinessReport> {
    if (this.draining) return { ready: false, checks: { process: 'draining' } };
    const results = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await outcome(check)] as const),
    );
    return {
      ready: results.every(([, result]) => result === 'up'),
      checks: Object.fromEntries(results),
      ...(this.details.size > 0 && { details: this.describe() }),
    };
  }

  private describe(): Record<string, string> {
    const described = [...this.details].map(([name, describe]) => {
      try {
        return [name, describe()] as const;
      } catch {
        return [name, 'not known'] as const;
      }
    });
    return Object.fromEntries(described);
  }
}

async function outcome(check: () => Promise<void> | void): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${CHECK_LIMIT_MS} ms`), CHECK_LIMIT_MS);
  });
  try {
    return await Promise.race([Promise.resolve(check()).then(() => 'up'), limit]);
  } catch (error) {
    return reason(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Only the bridge's own errors are quoted: a driver's message may hold an address with a password. */
function reason(error: unknown): string {
  if (error instanceof BridgeError) return error.advice;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? `down (${code})` : 'down';
}
