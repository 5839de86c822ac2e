import { Homeserver, MatrixModule, Rooms } from '@bridge/matrix';
import { HandledEventStore, PersistenceModule } from '@bridge/persistence';
import {
  Logger,
  Metrics,
  PlatformModule,
  ProtocolErrorFilter,
  Readiness,
  type Config,
  type ConfigSection,
} from '@bridge/platform';
import { QueueConnection, QueueModule, QueuePublisher, SharedNumber } from '@bridge/queue';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { HeldBackEvents } from './held-back-events';
import { HomeserverWakeUp } from './homeserver-wake-up';
import { LookupController } from './lookup.controller';
import { MalformedLetters } from './malformed-letters';
import { toMatrixError } from './matrix-error';
import { OncePerTransaction } from './once-per-transaction';
import { OwnNamespace } from './own-namespace';
import { PingController } from './ping.controller';
import { ThirdPartyController } from './third-party.controller';
import { TransactionIntake } from './transaction-intake';
import { TransactionSequence } from './transaction-sequence';
import { TransactionWatchdog } from './transaction-watchdog';
import { TransactionsController } from './transactions.controller';
import { UntoldEvents } from './untold-events';

export const asIngressSections = [
  'http',
  'log',
  'tracing',
  'nats',
  'postgres',
  'matrix',
  'homeserver',
  'appservice',
] as const satisfies ConfigSection[];

export type AsIngressConfig = Pick<Config, (typeof asIngressSections)[number]>;

@Module({})
export class AsIngressModule {
  static forRoot(config: AsIngressConfig): DynamicModule {
    return {
      module: AsIngressModule,
      imports: [
        PlatformModule.forRoot({ app: 'as-ingress', config }),
        QueueModule.forRoot({ ...config.nats, app: 'as-ingress' }),
        PersistenceModule.forRoot(config.postgres, config.matrix),
        MatrixModule.forRoot(config.homeserver),
      ],
      controllers: [TransactionsController, LookupController, ThirdPartyController, PingController],
      providers: [
        MalformedLetters,
        {
          provide: HeldBackEvents,
          useFactory: (publisher: QueuePublisher) => new HeldBackEvents(publisher),
          inject: [QueuePublisher],
        },
        OncePerTransaction,
        { provide: OwnNamespace, useValue: new OwnNamespace(config.matrix) },
        {
          provide: TransactionIntake,
          useFactory: (
            publisher: QueuePublisher,
            malformed: MalformedLetters,
            own: OwnNamespace,
            untold: UntoldEvents,
            heldBack: HeldBackEvents,
            metrics: Metrics,
          ) => new TransactionIntake(publisher, malformed, own, untold, heldBack, metrics),
          inject: [QueuePublisher, MalformedLetters, OwnNamespace, UntoldEvents, HeldBackEvents, Metrics],
        },
        {
          provide: UntoldEvents,
          useFactory: (
            rooms: Rooms,
            handled: HandledEventStore,
            publisher: QueuePublisher,
            own: OwnNamespace,
            metrics: Metrics,
          ) => new UntoldEvents(rooms, handled, publisher, own, metrics),
          inject: [Rooms, HandledEventStore, QueuePublisher, OwnNamespace, Metrics],
        },
        {
          provide: TransactionSequence,
          useFactory: (queue: QueueConnection) =>
            new TransactionSequence(new SharedNumber(queue, 'transaction')),
          inject: [QueueConnection],
        },
        {
          provide: HomeserverWakeUp,
          useFactory: (homeserver: Homeserver, queue: QueueConnection, logger: Logger) =>
            new HomeserverWakeUp(homeserver, config.appservice.id, queue, logger),
          inject: [Homeserver, QueueConnection, Logger],
        },
        {
          provide: TransactionWatchdog,
          useFactory: (homeserver: Homeserver, readiness: Readiness, metrics: Metrics, logger: Logger) =>
            new TransactionWatchdog(config.appservice, homeserver, readiness, metrics, logger),
          inject: [Homeserver, Readiness, Metrics, Logger],
        },
        {
          provide: APP_FILTER,
          useFactory: (adapter: HttpAdapterHost, logger: Logger) =>
            new ProtocolErrorFilter(adapter, logger, {
              prefix: '/_matrix/',
              contentType: 'application/json; charset=utf-8',
              toError: toMatrixError,
            }),
          inject: [HttpAdapterHost, Logger],
        },
      ],
    };
  }
}
