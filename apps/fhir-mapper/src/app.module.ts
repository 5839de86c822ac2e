import { DynamicModule, Module } from '@nestjs/common';
import { FhirModule } from '@bridge/fhir';
import { pseudonymOnPatient } from '@bridge/mapping';
import { PersistenceModule, Sealer } from '@bridge/persistence';
import { Config, ConfigSection, PlatformModule } from '@bridge/platform';
import { QueueModule } from '@bridge/queue';
import { CareTeamSync } from './care-team-sync';
import { ChangedController } from './changed.controller';
import { CommunicationSync } from './communication-sync';
import { ConversationSync } from './conversation-sync';
import { MapperConfig, PSEUDONYMS } from './mapper-config';
import { MessageController } from './message.controller';
import { MessageRecorder } from './message-recorder';
import { PersonResolver } from './person-resolver';
import { PullController } from './pull.controller';
import { PullReader } from './pull-reader';

export const fhirMapperSections = [
  'http',
  'log',
  'nats',
  'postgres',
  'encryption',
  'matrix',
  'rooms',
  'fhir',
] as const satisfies ConfigSection[];

type FhirMapperConfig = Pick<Config, (typeof fhirMapperSections)[number]>;

@Module({})
export class FhirMapperModule {
  static forRoot(config: FhirMapperConfig): DynamicModule {
    return {
      module: FhirMapperModule,
      imports: [
        PlatformModule.forRoot({ app: 'fhir-mapper', config }),
        QueueModule.forRoot({ ...config.nats, app: 'fhir-mapper' }),
        PersistenceModule.forRoot(config.postgres, config.matrix),
        FhirModule.forRoot(config.fhir),
      ],
      controllers: [PullController, ChangedController, MessageController],
      providers: [
        { provide: MapperConfig, useFactory: () => new MapperConfig(config) },
        { provide: PSEUDONYMS, useValue: pseudonymOnPatient },
        { provide: Sealer, useFactory: () => new Sealer(Buffer.from(config.encryption.key, 'base64')) },
        PersonResolver,
        CareTeamSync,
        ConversationSync,
        CommunicationSync,
        MessageRecorder,
        PullReader,
      ],
    };
  }
}
