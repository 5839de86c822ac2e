import { Readiness } from '@bridge/platform';
import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BacklogMetrics } from './backlog-metrics';
import { DeadLetterBox } from './dead-letter-box';
import { QueueUnavailableError } from './errors';
import type { QueueConfig } from './queue-config';
import { QueueBacklog } from './queue-backlog';
import { QueueConnection } from './queue-connection';
import { QueuePublisher } from './queue-publisher';

/** The queue of a process: QueueConnection, QueuePublisher and QueueBacklog, for every module. Needs PlatformModule beside it. */
@Module({})
export class QueueModule {
  /** Connects while Nest starts: an app whose queue cannot serve does not start, and says why. */
  static forRoot(config: QueueConfig): DynamicModule {
    return {
      module: QueueModule,
      global: true,
      imports: [DiscoveryModule],
      providers: [
        {
          provide: QueueConnection,
          inject: [Readiness],
          useFactory: (readiness: Readiness) => openReady(config, readiness),
        },
        QueuePublisher,
        QueueBacklog,
        BacklogMetrics,
        DeadLetterBox,
      ],
      exports: [QueueConnection, QueuePublisher, QueueBacklog, DeadLetterBox],
    };
  }
}

async function openReady(config: QueueConfig, readiness: Readiness): Promise<QueueConnection> {
  const connection = await QueueConnection.open(config);
  readiness.register('nats', () => {
    if (!connection.connected) throw QueueUnavailableError.away();
  });
  return connection;
}
