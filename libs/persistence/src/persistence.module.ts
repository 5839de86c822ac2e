import { DynamicModule, Module } from '@nestjs/common';
import { Config, Readiness } from '@bridge/platform';
import { AccountOverrideStore } from './account-override-store';
import { AuditLogStore } from './audit-log-store';
import { AuditOutboxStore } from './audit-outbox-store';
import { CareTeamStore } from './care-team-store';
import { ConversationStore } from './conversation-store';
import { CursorStore } from './cursor-store';
import { Database } from './database';
import { DeletedPersonStore } from './deleted-person-store';
import { DeliveryMarkStore } from './delivery-mark-store';
import { DirectChatStore } from './direct-chat-store';
import { DirectoryStore } from './directory-store';
import { DueCareTeamStore } from './due-care-team-store';
import { ErasureStore } from './erasure-store';
import { FederationListStore } from './federation-list-store';
import { HandledEventStore } from './handled-event-store';
import { InviteContactStore } from './invite-contact-store';
import { MessageLinkStore } from './message-link-store';
import { NestedCareTeamStore } from './nested-care-team-store';
import { ParkedConversationStore } from './parked-conversation-store';
import { ParticipantStore } from './participant-store';
import { ReactionLinkStore } from './reaction-link-store';
import { RoomCheckpointStore } from './room-checkpoint-store';
import { RoomMembershipStore } from './room-membership-store';
import { SubscriptionStateStore } from './subscription-state-store';
import { ToldOnceStore } from './told-once-store';
import { TurnStore } from './turn-store';
import { UserPreferenceStore } from './user-preference-store';

const plainStores = [
  AccountOverrideStore,
  AuditLogStore,
  AuditOutboxStore,
  CursorStore,
  DeletedPersonStore,
  DeliveryMarkStore,
  DirectChatStore,
  DirectoryStore,
  DueCareTeamStore,
  ErasureStore,
  FederationListStore,
  HandledEventStore,
  InviteContactStore,
  MessageLinkStore,
  NestedCareTeamStore,
  ParkedConversationStore,
  ParticipantStore,
  ReactionLinkStore,
  RoomCheckpointStore,
  RoomMembershipStore,
  SubscriptionStateStore,
  ToldOnceStore,
  TurnStore,
  UserPreferenceStore,
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
        ...plainStores,
      ],
      exports: [CareTeamStore, ConversationStore, ...plainStores],
    };
  }
}
