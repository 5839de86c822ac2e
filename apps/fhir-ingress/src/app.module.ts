import {
  Logger,
  PlatformModule,
  ProtocolErrorFilter,
  type Config,
  type ConfigSection,
} from '@bridge/platform';
import { QueueModule, QueuePublisher } from '@bridge/queue';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { NotificationIntake } from './notification-intake';
import { NotificationsController } from './notifications.controller';
import { toOperationOutcome } from './operation-outcome';
import { PullTimer } from './pull-timer';
import { sourcesOf } from './sources';

export const fhirIngressSections = [
  'http',
  'log',
  'tracing',
  'nats',
  'notifications',
] as const satisfies ConfigSection[];

export type FhirIngressConfig = Pick<Config, (typeof fhirIngressSections)[number]>;

@Module({})
export class FhirIngressModule {
  static forRoot(config: FhirIngressConfig): DynamicModule {
    const { pullIntervalMs } = config.notifications;
    const sources = [...sourcesOf(config.notifications).keys()];
    return {
      module: FhirIngressModule,
      imports: [
        PlatformModule.forRoot({ app: 'fhir-ingress', config }),
        QueueModule.forRoot({ ...config.nats, app: 'fhir-ingress' }),
      ],
      controllers: [NotificationsController],
      providers: [
        NotificationIntake,
        {
          provide: PullTimer,
          useFactory: (publisher: QueuePublisher, logger: Logger) =>
            new PullTimer(publisher, sources, pullIntervalMs, logger),
          inject: [QueuePublisher, Logger],
        },
        {
          provide: APP_FILTER,
          useFactory: (adapter: HttpAdapterHost, logger: Logger) =>
            new ProtocolErrorFilter(adapter, logger, {
              prefix: '/notify/',
              contentType: 'application/fhir+json; charset=utf-8',
              toError: toOperationOutcome,
            }),
          inject: [HttpAdapterHost, Logger],
        },
      ],
    };
  }
}
