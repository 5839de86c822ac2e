import { AuditModule } from '@bridge/audit';
import { PersistenceModule } from '@bridge/persistence';
import { type Config, type ConfigSection, PlatformModule } from '@bridge/platform';
import { QueueModule } from '@bridge/queue';
import { type DynamicModule, Module } from '@nestjs/common';
import { OperatorAudit } from './operator-audit';

export const cliSections = [
  'log',
  'tracing',
  'nats',
  'postgres',
  'matrix',
  'fhir',
  'audit',
] as const satisfies ConfigSection[];

export type CliConfig = Pick<Config, (typeof cliSections)[number]>;

/** What the commands need: the queue, and the audit with its database. */
@Module({})
export class CliModule {
  static forRoot(config: CliConfig): DynamicModule {
    return {
      module: CliModule,
      imports: [
        PlatformModule.forRoot({ app: 'cli', config }),
        QueueModule.forRoot({ ...config.nats, app: 'cli' }),
        PersistenceModule.forRoot(config.postgres, config.matrix),
        AuditModule.forRoot(config),
      ],
      providers: [OperatorAudit],
    };
  }
}
