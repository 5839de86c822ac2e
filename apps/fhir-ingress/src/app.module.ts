import { Logger, PlatformModule, type Config, type ConfigSection } from '@bridge/platform';
import { QueueModule, QueuePublisher } from '@bridge/queue';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { NotificationIntake } from './notification-intake';
import { NotificationsController } from './notifications.controller';
import { OperationOutcomeFilter } from './operation-outcome.filter';
import { PullTimer } from './pull-timer';

export const fhirIngressSections = [
  'http',
  'log',
  'nats',
  'notifications',
] as const satisfies ConfigSection[];

export type FhirIngressConfig = Pick<Config, (typeof fhirIngressSections)[number]>;

@Module({})
export class FhirIngressModule {
  static forRoot(config: FhirIngressConfig): DynamicModule {
    const { secrets, pullIntervalMs } = config.notifications;
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
            new PullTimer(publisher, Object.keys(secrets), pullIntervalMs, logger),
          inject: [QueuePublisher, Logger],
        },
        { provide: APP_FILTER, useClass: OperationOutcomeFilter },
      ],
    };
  }
}
