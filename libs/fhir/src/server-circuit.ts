import { TransientError } from '@bridge/contracts';
import { type Metrics, type Readiness } from '@bridge/platform';
import { Logger } from '@nestjs/common';
import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhen,
} from 'cockatiel';

/** How a server's failures are counted, and how long it is then left alone. */
export interface CircuitTiming {
  /** So many failures in a row open the circuit. */
  readonly failures: number;
  readonly firstWaitMs: number;
  /** The wait doubles with each trial that fails, up to this. */
  readonly longestWaitMs: number;
}

/** Half a minute at most: when the server is back, messages do not wait much longer than they would anyway. */
const usualTiming: CircuitTiming = { failures: 5, firstWaitMs: 1_000, longestWaitMs: 30_000 };

/** Whom the circuit leads to: a label of the metric. */
export type CircuitServer = 'fhir' | 'fhir-token';

/**
 * Leaves a server alone that is away. After some failures in a row every call fails at once, without a request, and
 * says when to come again: the messages stay at the head of their partitions, so that their order is kept, and a server
 * that starts is not met by all of them. One call is let through after a wait; what becomes of it decides for the others.
 */
export class ServerCircuit {
  private readonly logger = new Logger(ServerCircuit.name);
  private readonly policy: CircuitBreakerPolicy;
  private openedAt?: Date;
  private closedUntilMs = 0;

  /** @param isAway whether a failure means that the server is away; others count neither for it nor against it */
  constructor(
    private readonly server: CircuitServer,
    isAway: (failure: Error) => boolean,
    { metrics, readiness }: { metrics: Metrics; readiness?: Readiness },
    private readonly timing: CircuitTiming = usualTiming,
  ) {
    this.policy = circuitBreaker(handleWhen(isAway), {
      breaker: new ConsecutiveBreaker(timing.failures),
      halfOpenAfter: new DelegateBackoff(({ attempt, result }) =>
        this.waitMs(attempt, 'error' in result ? result.error : undefined),
      ),
    });
    const gauge = metrics.gauge(
      'bridge_circuit_open',
      '1 while a server that keeps failing is left alone, 0 while it is called.',
      ['server'],
    );
    gauge.set({ server }, 0);
    this.policy.onBreak(() => {
      gauge.set({ server }, 1);
      this.opened();
    });
    this.policy.onReset(() => {
      gauge.set({ server }, 0);
      this.logger.log('The server answers again', { server });
      this.openedAt = undefined;
    });
    readiness?.registerDetail(server, () => this.describe());
  }

  /**
   * Makes a call, unless the server is being left alone.
   * @throws TransientError with the time to wait while it is; else what the call throws
   */
  async call<T>(operation: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.policy.execute(work);
    } catch (failure) {
      throw failure instanceof BrokenCircuitError ? this.leftAlone(operation) : failure;
    }
  }

  private leftAlone(operation: string): TransientError {
    return new TransientError(
      `${this.server}-away`,
      `The ${nameOf[this.server]} has failed too often and was not asked to ${operation}`,
      {
        advice: `Check that the ${nameOf[this.server]} runs and can be reached; it is tried again by itself.`,
        retryAfterMs: Math.max(0, this.closedUntilMs - Date.now()),
      },
    );
  }

  private waitMs(attempt: number, failure: unknown): number {
    const { firstWaitMs, longestWaitMs } = this.timing;
    const asked = failure instanceof TransientError ? (failure.retryAfterMs ?? 0) : 0;
    const wait = Math.min(longestWaitMs, Math.max(asked, firstWaitMs * 2 ** Math.min(attempt - 1, 30)));
    this.closedUntilMs = Date.now() + wait;
    return wait;
  }

  private opened(): void {
    if (this.openedAt) return;
    this.openedAt = new Date();
    this.logger.warn('The server has failed too often and is left alone for a while', {
      server: this.server,
    });
  }

  private describe(): string {
    if (this.policy.state === CircuitState.Closed || !this.openedAt) return 'called';
    const seconds = Math.ceil(Math.max(0, this.closedUntilMs - Date.now()) / 1000);
    return `away since ${this.openedAt.toISOString()}, tried again in ${seconds} s`;
  }
}

const nameOf: Readonly<Record<CircuitServer, string>> = {
  fhir: 'FHIR server',
  'fhir-token': 'server that gives out tokens for the FHIR server',
};
