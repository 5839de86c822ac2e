import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId, UserId } from '@bridge/contracts';
import {
  CareTeamSpace,
  CareTeamStore,
  Conversation,
  ConversationStore,
  DirectChatStore,
  Member,
} from '@bridge/persistence';

/** Where somebody speaks to the bot. */
export type Place =
  | {
      readonly kind: 'room';
      readonly conversation: Conversation;
      readonly careTeam: FhirRef | null;
      readonly members: readonly Member[];
    }
  | {
      readonly kind: 'space';
      readonly space: CareTeamSpace;
      readonly careTeam: FhirRef;
      readonly members: readonly Member[];
    }
  | { readonly kind: 'direct'; readonly person: UserId };

/** A Room or Space: not a direct chat. */
export type BridgedPlace = Exclude<Place, { kind: 'direct' }>;

@Injectable()
export class Places {
  constructor(
    private readonly conversations: ConversationStore,
    private readonly careTeams: CareTeamStore,
    private readonly directChats: DirectChatStore,
  ) {}

  /** @returns undefined for a room that the bridge has nothing to do with (any more) */
  async of(roomId: RoomId): Promise<Place | undefined> {
    const conversation = await this.conversations.ofRoom(roomId);
    if (conversation) {
      const members = await this.conversations.members(conversation);
      return { kind: 'room', conversation, careTeam: conversation.careTeam, members };
    }
    const space = await this.careTeams.ofSpace(roomId);
    if (space) return { kind: 'space', space, careTeam: space.careTeam, members: space.members };
    const person = await this.directChats.find(roomId);
    return person && { kind: 'direct', person };
  }
}
