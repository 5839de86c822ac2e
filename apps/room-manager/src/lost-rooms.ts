import { Injectable, Logger } from '@nestjs/common';
import { FhirRef, RoomId } from '@bridge/contracts';
import { CareTeamStore, ConversationStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { ContainerReconciler } from './container-reconciler';

const advice =
  'An administrator deleted it, or removed the bot. It is made again with the next change or message of the record, and its members are invited again; if that is not wanted, end the care team or the conversation in the record.';

/** Spaces and Rooms that are gone: deleted by an administrator, or closed to the bot. */
@Injectable()
export class LostRooms {
  private readonly logger = new Logger(LostRooms.name);
  private readonly lost;

  constructor(
    private readonly conversations: ConversationStore,
    private readonly careTeams: CareTeamStore,
    private readonly containers: ContainerReconciler,
    metrics: Metrics,
  ) {
    this.lost = metrics.counter(
      'bridge_rooms_lost_total',
      'Spaces and Rooms that were deleted, or from which the bot was removed',
      ['container'],
    );
  }

  /**
   * To be called when the bot seems to be out of a room, for whatever reason. A room that is none of ours is no loss.
   * @returns whether a Space or Room of ours is gone
   */
  async onBotLeft(roomId: RoomId): Promise<boolean> {
    const [conversation, careTeam] = await Promise.all([
      this.conversations.ofRoom(roomId),
      this.careTeams.ofSpace(roomId),
    ]);
    // Only what the homeserver says now counts: the bot may be back, and events come late.
    const isInUse = conversation?.roomId === roomId || careTeam !== undefined;
    if (!isInUse || (await this.containers.look(roomId))) return false;
    if (careTeam) await this.closeSpace(careTeam.careTeam, roomId);
    if (conversation) await this.closeRoom(conversation.conversation, roomId);
    return true;
  }

  /** Forgets the Room of a conversation: the next time it is needed, another is made. */
  async closeRoom(conversation: FhirRef, roomId: RoomId): Promise<void> {
    if (await this.conversations.loseRoom(conversation, roomId)) this.tell('room', conversation, roomId);
  }

  /** Forgets the Space of a care team: the next time it is needed, another is made. */
  async closeSpace(careTeam: FhirRef, spaceId: RoomId): Promise<void> {
    if (await this.careTeams.loseSpace(careTeam, spaceId)) this.tell('space', careTeam, spaceId);
  }

  private tell(container: 'space' | 'room', ref: FhirRef, roomId: RoomId): void {
    this.lost.inc({ container });
    this.logger.error({ msg: `The ${container} of ${ref} is gone`, roomId, advice });
  }
}
