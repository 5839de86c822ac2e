import { DynamicModule, Module } from '@nestjs/common';
import { Config, Readiness } from '@bridge/platform';
import { CareTeamStore } from './care-team-store';
import { ConversationStore } from './conversation-store';
import { CursorStore } from './cursor-store';
import { Database } from './database';
import { DeliveryMarkStore } from './delivery-mark-store';
import { DirectChatStore } from './direct-chat-store';
import { DirectoryStore } from './directory-store';
import { HandledEventStore } from './handled-event-store';
import { MessageLinkStore } from './message-link-store';
import { ParticipantStore } from './participant-store';
import { ReactionLinkStore } from './reaction-link-store';
import { RoomCheckpointStore } from './room-checkpoint-store';

const stores = [
  CareTeamStore,
  ConversationStore,
  CursorStore,
  DeliveryMarkStore,
  DirectChatStore,
  DirectoryStore,
  HandledEventStore,
  MessageLinkStore,
  ParticipantStore,
  ReactionLinkStore,
  RoomCheckpointStore,
];

@Module({})
export class PersistenceModule {
  /**
   * Global: the pool, and one store per subject.
   * @param aliases.ghostPrefix starts every alias that is handed out, so that it lies in the registered namespace
   */
  static forRoot(
    postgres: Config['postgres'],
    aliases: Pick<Config['matrix'], 'ghostPrefix'>,
  ): DynamicModule {
    return {
      module: PersistenceModule,
      global: true,
      providers: [
        {
          provide: Database,
          useFactory: (readiness: Readiness) => new Database(postgres, readiness),
          inject: [Readiness],
        },
        {
          provide: CareTeamStore,
          useFactory: (database: Database) => new CareTeamStore(database, aliases.ghostPrefix),
          inject: [Database],
        },
        {
          provide: ConversationStore,
          useFactory: (database: Database) => new ConversationStore(database, aliases.ghostPrefix),
          inject: [Database],
        },
        CursorStore,
        DeliveryMarkStore,
        DirectChatStore,
        DirectoryStore,
        HandledEventStore,
        MessageLinkStore,
        ParticipantStore,
        ReactionLinkStore,
        RoomCheckpointStore,
      ],
      exports: stores,
    };
  }
}
