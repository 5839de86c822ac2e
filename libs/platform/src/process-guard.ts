import type { Readiness } from './health/readiness';
import type { Logger } from './logging/logger';

/** What is to be closed; Nest's application is one. */
export interface Closable {
  close(signal: string): Promise<void>;
}

/** Below the 30 s that Kubernetes grants between SIGTERM and SIGKILL. */
const SHUTDOWN_LIMIT_MS = 25_000;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const STRAY_ERRORS = ['unhandledRejection', 'uncaughtException'] as const;

/**
 * Decides how a process ends. Status 0: it was asked to stop (SIGTERM, SIGINT) and did. Status 1: it failed, could
 * not stop in time, or was asked twice.
 */
export class ProcessGuard {
  private running?: { readonly app: Closable; readonly readiness: Readiness };
  private stopping = false;

  constructor(private readonly logger: Logger) {
    SIGNALS.forEach((signal) => process.on(signal, this.onSignal));
    STRAY_ERRORS.forEach((event) => process.on(event, this.onStrayError));
  }

  /** From here on a signal stops the app in order. */
  started(app: Closable, readiness: Readiness): void {
    this.running = { app, readiness };
  }

  /** Ends the process after a start that failed, with one line that says why. */
  startFailed(error: unknown): never {
    this.logger.fatal('The start failed', asError(error));
    process.exit(1);
  }

  /** The app was closed by its own process, as in a test: signals are no longer this guard's business. */
  release(): void {
    if (this.stopping) return;
    SIGNALS.forEach((signal) => process.off(signal, this.onSignal));
    STRAY_ERRORS.forEach((event) => process.off(event, this.onStrayError));
  }

  private readonly onStrayError = (error: unknown): void => {
    // The state of the process is unknown now. Nothing is lost: what was not acknowledged is delivered again.
    this.logger.fatal('An error that nobody handled ends this process', asError(error));
    process.exit(1);
  };

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    if (this.stopping) {
      this.logger.warn(`${signal} again: ending at once`);
      return process.exit(1);
    }
    this.stopping = true;
    void this.stop(signal);
  };

  private async stop(signal: NodeJS.Signals): Promise<void> {
    this.logger.log(`${signal}: stopping`);
    if (!this.running) {
      // Still starting. There is no order to keep yet, and what a peer sent meanwhile it repeats.
      return process.exit(0);
    }
    const { app, readiness } = this.running;
    const limit = setTimeout(() => {
      this.logger.fatal(`Not stopped within ${SHUTDOWN_LIMIT_MS} ms: ending with work under way`);
      process.exit(1);
    }, SHUTDOWN_LIMIT_MS);
    // From the outside in, so that nobody loses what they still need:
    // 1. Not ready: no new traffic is sent here.
    readiness.drain();
    // 2. Nest's close: HTTP stops accepting and requests under way finish (they still publish); then the strategy
    //    stops pulling and its handlers finish (they still read, write and acknowledge); then onApplicationShutdown
    //    closes NATS and Postgres. A connection closed in onModuleDestroy would be gone before the requests are.
    try {
      await app.close(signal);
      this.logger.log('Stopped');
      process.exit(0);
    } catch (error) {
      this.logger.fatal('The stop failed', asError(error));
      process.exit(1);
    } finally {
      clearTimeout(limit);
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new TypeError(`A ${typeof error} was thrown that is not an Error`);
}
