import { DynamicModule, Module } from '@nestjs/common';
import { AuditModule, AuditSenderModule } from '@bridge/audit';
import { FhirModule } from '@bridge/fhir';
import { MatrixModule } from '@bridge/matrix';
import { ClinicalLines, pseudonymOnPatient } from '@bridge/mapping';
import { PersistenceModule, Sealer } from '@bridge/persistence';
import { Config, ConfigSection, PlatformModule } from '@bridge/platform';
import { QueueModule } from '@bridge/queue';
import { AuditedRecord } from './audited-record';
import { BotForwarder } from './bot-forwarder';
import { CareTeamSync } from './care-team-sync';
import { ChangedController } from './changed.controller';
import { clinicalLinesOf } from './clinical-lines-of';
import { ClinicalNames } from './clinical-names';
import { ClinicalSync } from './clinical-sync';
import { CommunicationSync } from './communication-sync';
import { ConversationController } from './conversation.controller';
import { ConversationRecorder } from './conversation-recorder';
import { ConversationSync } from './conversation-sync';
import { DeletionReader } from './deletion-reader';
import { DeletionSync } from './deletion-sync';
import { DeliveryStatus } from './delivery-status';
import { EditRecorder } from './edit-recorder';
import { EventIdRecorder } from './event-id-recorder';
import { EventIntake } from './event-intake';
import { HandledEventPurge } from './handled-event-purge';
import { InvalidResources } from './invalid-resources';
import { LinkedEvents } from './linked-events';
import { FileController } from './file.controller';
import { FileRecorder } from './file-recorder';
import { FileStore } from './file-store';
import { DUE_INTERVAL_MS, DueTimer } from './due-timer';
import { JwksController } from './jwks.controller';
import { ManagedSubscriptions, SUBSCRIPTION_SETTINGS } from './managed-subscriptions';
import { MapperConfig, PSEUDONYMS } from './mapper-config';
import { MembershipController } from './membership.controller';
import { MembershipRecorder } from './membership-recorder';
import { MessageController } from './message.controller';
import { MessageRecorder } from './message-recorder';
import { MessageTarget } from './message-target';
import { NestedTeams } from './nested-teams';
import { NotifiedController } from './notified.controller';
import { PersonResolver } from './person-resolver';
import { PersonSurroundingsReader } from './person-surroundings';
import { PersonSync } from './person-sync';
import { PullController } from './pull.controller';
import { PullReader } from './pull-reader';
import { ReactionRecorder } from './reaction-recorder';
import { ReadingRecorder } from './reading-recorder';
import { ReadingSync } from './reading-sync';
import { ReceiptController } from './receipt.controller';
import { RedactionRecorder } from './redaction-recorder';
import { ResourceCheck } from './resource-check';
import { SaidController } from './said.controller';
import { SenderCheck } from './sender-check';
import { SubscriptionTimer } from './subscription-timer';
import { SubscriptionWatch } from './subscription-watch';
import { UnreadTasks } from './unread-tasks';

export const fhirMapperSections = [
  'http',
  'log',
  'tracing',
  'nats',
  'postgres',
  'encryption',
  'matrix',
  'rooms',
  'fhir',
  'subscriptions',
  'audit',
  'homeserver',
  'media',
  'delivery',
  'bot',
  'clinical',
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
        MatrixModule.forRoot(config.homeserver),
        AuditModule.forRoot(config),
        AuditSenderModule.forRoot(config),
      ],
      controllers: [
        PullController,
        NotifiedController,
        ChangedController,
        MessageController,
        FileController,
        SaidController,
        ReceiptController,
        MembershipController,
        ConversationController,
        JwksController,
      ],
      providers: [
        { provide: MapperConfig, useFactory: () => new MapperConfig(config) },
        { provide: PSEUDONYMS, useValue: pseudonymOnPatient },
        { provide: Sealer, useFactory: () => new Sealer(Buffer.from(config.encryption.key, 'base64')) },
        { provide: DUE_INTERVAL_MS, useValue: config.fhir.dueIntervalMs },
        { provide: SUBSCRIPTION_SETTINGS, useValue: config.subscriptions },
        ResourceCheck,
        InvalidResources,
        DueTimer,
        DeletionReader,
        DeletionSync,
        ManagedSubscriptions,
        SubscriptionTimer,
        SubscriptionWatch,
        PersonSurroundingsReader,
        AuditedRecord,
        PersonResolver,
        PersonSync,
        NestedTeams,
        CareTeamSync,
        ConversationSync,
        CommunicationSync,
        // Here and not by a factory: mistakes in templates are mistakes in the configuration.
        { provide: ClinicalLines, useValue: clinicalLinesOf(config) },
        ClinicalNames,
        ClinicalSync,
        EventIdRecorder,
        EventIntake,
        SenderCheck,
        LinkedEvents,
        MessageTarget,
        ReadingSync,
        UnreadTasks,
        MessageRecorder,
        EditRecorder,
        ReactionRecorder,
        RedactionRecorder,
        BotForwarder,
        DeliveryStatus,
        HandledEventPurge,
        FileRecorder,
        FileStore,
        PullReader,
        ReadingRecorder,
        MembershipRecorder,
        ConversationRecorder,
      ],
    };
  }
}
