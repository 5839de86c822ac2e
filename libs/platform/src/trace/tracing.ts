import { setTimeout as wait } from 'node:timers/promises';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '../config/settings';
import type { Logger } from '../logging/logger';
import { recordSpans } from './span';

/** Spans are a help, not a duty: what a collector has not taken by then is given up when the process stops. */
const FLUSH_LIMIT_MS = 3_000;

/** Whether spans are recorded, which is where the configuration says where they go. */
export class Tracing implements OnApplicationShutdown {
  private constructor(private readonly stop: () => Promise<void>) {}

  /** @param app its name, in the name of the service */
  static start(
    app: string,
    config: Partial<Config['tracing']>,
    logger: Pick<Logger, 'log' | 'warn'>,
  ): Tracing {
    const url = urlOf(config);
    if (url === undefined) return new Tracing(() => Promise.resolve());
    // Loaded only where it is used: it costs start time and memory.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { OpenTelemetry } = require('./open-telemetry') as typeof import('./open-telemetry');
    const telemetry = new OpenTelemetry({
      url,
      serviceName: `fhir-matrix-bridge/${app}`,
      configuredName: config.serviceName,
      onChange: (arrives) =>
        arrives
          ? logger.log('The collector takes traces again', Tracing.name)
          : logger.warn(
              'The collector does not take traces: they are given up, messages are not',
              Tracing.name,
            ),
    });
    recordSpans(telemetry);
    return new Tracing(async () => {
      recordSpans(undefined);
      // The log tells already why they did not arrive.
      const flushed = telemetry.stop().catch(() => undefined);
      await Promise.race([flushed, wait(FLUSH_LIMIT_MS, undefined, { ref: false })]);
    });
  }

  /** Nest calls it when requests and handlers have ended: there are no spans after that. */
  async onApplicationShutdown(): Promise<void> {
    await this.stop();
  }
}

/** As the OpenTelemetry specification has it ("OTLP Exporter"): the URL of all signals lacks the path, that of traces does not. */
function urlOf({ endpoint, tracesEndpoint }: Partial<Config['tracing']>): string | undefined {
  return tracesEndpoint ?? (endpoint === undefined ? undefined : `${endpoint}/v1/traces`);
}
