import { DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '@bridge/audit';
import { FhirModule } from '@bridge/fhir';
import { MatrixModule } from '@bridge/matrix';
import { PersistenceModule, Sealer } from '@bridge/persistence';
import { Config, ConfigSection, PlatformModule } from '@bridge/platform';
import { QueueModule } from '@bridge/queue';
import { BotCommands } from './bot-commands';
import { BotMembership } from './bot-membership';
import { BotVoice } from './bot-voice';
import { ConversationCommands } from './bot/conversation-commands';
import { LookingCommands } from './bot/looking-commands';
import { Places } from './bot/place';
import { RecordCommands } from './bot/record-commands';
import { SettingsCommands } from './bot/settings-commands';
import { StatusCommand } from './bot/status-command';
import { CommandController } from './command.controller';
import { ContainerPlaces } from './container-places';
import { ContainerReconciler } from './container-reconciler';
import { DeliveryMarks } from './delivery-marks';
import { DirectChats } from './direct-chats';
import { Disclosures } from './disclosures';
import { EventController } from './event.controller';
import { FileUploader } from './file-uploader';
import { GhostKeeper } from './ghost-keeper';
import { GhostVoice } from './ghost-voice';
import { Inviter } from './inviter';
import { Languages } from './languages';
import { KnownPeople } from './known-people';
import { LateInvites } from './late-invites';
import { LostRooms } from './lost-rooms';
import { ManagerConfig } from './manager-config';
import { MemberEvents } from './member-events';
import { MemberReconciler } from './member-reconciler';
import { MessageRedactor } from './message-redactor';
import { MessageSender } from './message-sender';
import { Notifier } from './notifier';
import { PowerRequests } from './power-requests';
import { PartnerServers } from './partner-servers';
import { ReceiptSender } from './receipt-sender';
import { ResyncScheduler } from './resync-scheduler';
import { RoomAdoption } from './room-adoption';
import { RoomAliases } from './room-aliases';
import { RoomResync } from './room-resync';
import { RoomUpgrades } from './room-upgrades';
import { RoomReconciler } from './room-reconciler';
import { SaidMessages } from './said-messages';
import { SpaceReconciler } from './space-reconciler';

export const roomManagerSections = [
  'http',
  'log',
  'tracing',
  'nats',
  'postgres',
  'encryption',
  'organisation',
  'matrix',
  'homeserver',
  'rooms',
  'bot',
  'fhir',
  'audit',
  'media',
] as const satisfies ConfigSection[];

type RoomManagerConfig = Pick<Config, (typeof roomManagerSections)[number]>;

@Module({})
export class RoomManagerModule {
  static forRoot(config: RoomManagerConfig): DynamicModule {
    return {
      module: RoomManagerModule,
      imports: [
        PlatformModule.forRoot({ app: 'room-manager', config }),
        QueueModule.forRoot({ ...config.nats, app: 'room-manager' }),
        PersistenceModule.forRoot(config.postgres, config.matrix),
        MatrixModule.forRoot(config.homeserver),
        FhirModule.forRoot(config.fhir),
        AuditModule.forRoot(config),
      ],
      controllers: [CommandController, EventController],
      providers: [
        { provide: ManagerConfig, useFactory: () => new ManagerConfig(config) },
        { provide: Sealer, useFactory: () => new Sealer(Buffer.from(config.encryption.key, 'base64')) },
        Disclosures,
        GhostKeeper,
        GhostVoice,
        FileUploader,
        Inviter,
        LateInvites,
        PowerRequests,
        LostRooms,
        PartnerServers,
        ContainerPlaces,
        MemberReconciler,
        KnownPeople,
        ContainerReconciler,
        SpaceReconciler,
        RoomReconciler,
        SaidMessages,
        MessageSender,
        FileUploader,
        MessageRedactor,
        ReceiptSender,
        Notifier,
        DeliveryMarks,
        BotVoice,
        Languages,
        Places,
        LookingCommands,
        StatusCommand,
        ConversationCommands,
        RecordCommands,
        SettingsCommands,
        BotCommands,
        DirectChats,
        LostRooms,
        BotMembership,
        MemberEvents,
        RoomAdoption,
        RoomUpgrades,
        RoomAliases,
        RoomResync,
        ResyncScheduler,
      ],
    };
  }
}
