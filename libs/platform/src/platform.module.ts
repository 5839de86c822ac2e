import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Config } from './config/settings';
import { HealthController } from './health/health.controller';
import { Readiness } from './health/readiness';
import { createPino } from './logging/create-pino';
import { Logger } from './logging/logger';
import { EndToEnd } from './metrics/end-to-end';
import { Metrics } from './metrics/metrics';
import { MetricsController } from './metrics/metrics.controller';
import { Tracing } from './trace/tracing';

export interface PlatformOptions {
  /** The app's name, in every log line. */
  readonly app: string;
  readonly config: Pick<Config, 'log'> & { readonly tracing: Partial<Config['tracing']> };
}

/** What every app has: `Logger`, `Metrics`, `Readiness`, and the endpoints `/live`, `/ready` and `/metrics`. */
@Global()
@Module({})
export class PlatformModule {
  static forRoot({ app, config }: PlatformOptions): DynamicModule {
    return {
      module: PlatformModule,
      controllers: [HealthController, MetricsController],
      providers: [
        Metrics,
        EndToEnd,
        { provide: Readiness, useFactory: () => new Readiness() },
        { provide: Logger, useFactory: () => new Logger(createPino(app, config.log)) },
        {
          provide: Tracing,
          useFactory: (logger: Logger) => Tracing.start(app, config.tracing, logger),
          inject: [Logger],
        },
      ],
      exports: [Metrics, EndToEnd, Readiness, Logger],
    };
  }
}
