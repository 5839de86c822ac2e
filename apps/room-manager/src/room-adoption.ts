import { Injectable, Logger } from '@nestjs/common';
import { type MatrixStateEvent, RoomId, type UserId } from '@bridge/contracts';
import { powerIn } from '@bridge/mapping';
import { type RoomState, Rooms } from '@bridge/matrix';
import { type CareTeamSpace, CareTeamStore, ConversationStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import { ContainerReconciler } from './container-reconciler';
import { ManagerConfig } from './manager-config';
import { Notifier } from './notifier';
import { isSpace, stateOf } from './room-succession';

/**
 * Rooms that people make in the Space of a care team: each is a conversation that begins in Matrix. Who may put a Room
 * into the Space (`m.space.child`) and is known to the record as a member of the team may begin one.
 */
@Injectable()
export class RoomAdoption {
  private readonly logger = new Logger(RoomAdoption.name);

  constructor(
    private readonly careTeams: CareTeamStore,
    private readonly conversations: ConversationStore,
    private readonly containers: ContainerReconciler,
    private readonly rooms: Rooms,
    private readonly notifier: Notifier,
    private readonly publisher: QueuePublisher,
    private readonly config: ManagerConfig,
  ) {}

  /** A Room was put into a Space, or taken out, which the next reconciliation of the Space judges. */
  async handle({ room_id: spaceId, state_key }: MatrixStateEvent): Promise<void> {
    const careTeam = await this.careTeams.ofSpace(spaceId);
    const roomId = RoomId.safeParse(state_key).data;
    if (!careTeam || !roomId || (await this.isOurs(roomId))) return;
    const space = await this.containers.look(spaceId);
    const link = space && childOf(space, roomId);
    if (!link || this.config.isOwn(link.sender)) return;
    if (!(await this.rooms.enter(roomId, viaOf(link)))) {
      this.logger.log(
        `A Room was put into the Space of ${careTeam.careTeam}; the bot has to be invited to it`,
      );
      return;
    }
    await this.begin(careTeam, space, roomId, link.sender);
  }

  /**
   * To be called when the bot has followed an invite, and RoomUpgrades has not taken it.
   * @returns whether the Room belongs into the Space of a care team. Then it is taken care of, else the bot may leave.
   */
  async onInvite(roomId: RoomId, inviter: UserId): Promise<boolean> {
    if (await this.isOurs(roomId)) return true;
    const current = await this.containers.look(roomId);
    const found = current && (await this.spaceFor(roomId, current, inviter));
    if (!found) return false;
    await this.begin(found.careTeam, found.space, roomId, inviter);
    return true;
  }

  /** The Space that the Room names as its parent, or one of the inviter's that names it as a child. */
  private async spaceFor(roomId: RoomId, current: readonly RoomState[], inviter: UserId) {
    const parents = current.filter(({ type, content }) => type === 'm.space.parent' && isLinked(content));
    for (const { state_key } of parents) {
      const parent = RoomId.safeParse(state_key).data;
      const careTeam = parent && (await this.careTeams.ofSpace(parent));
      const space = careTeam && (await this.containers.look(parent));
      if (space) return { careTeam, space };
    }
    for (const ref of await this.careTeams.ofAccount(inviter)) {
      const careTeam = await this.careTeams.find(ref);
      const space = careTeam?.spaceId ? await this.containers.look(careTeam.spaceId) : undefined;
      if (careTeam && space && childOf(space, roomId)) return { careTeam, space };
    }
    return undefined;
  }

  /** Has the conversation made in the record, or explains why not and leaves. The bot is in the Room already. */
  private async begin(
    careTeam: CareTeamSpace,
    space: readonly RoomState[],
    roomId: RoomId,
    requester: UserId,
  ): Promise<void> {
    const current = await this.containers.lookAtNew(roomId);
    const isMember = careTeam.members.some(({ participant }) => participant.accountUserId === requester);
    if (isSpace(current) || !isMember || !powerIn(space, requester).may('m.space.child')) {
      return this.decline(roomId, current, requester);
    }
    await this.publisher.publish(
      'conversation.start',
      // With the messages that are said in it: those that follow find the conversation there.
      roomId,
      { careTeam: careTeam.careTeam, requester, topic: nameOf(current), identifier: roomId, roomId },
      { id: roomId },
    );
  }

  private async decline(roomId: RoomId, current: readonly RoomState[], to: UserId): Promise<void> {
    const said = stateOf(current, 'm.room.create');
    if (said && powerIn(current, this.config.bot).maySpeak) {
      await this.notifier.notify({ roomId, inReplyTo: said.event_id, to, notice: 'requester-unknown' });
    }
    await this.rooms.leave(roomId, this.config.bot, 'not a conversation of a care team');
  }

  /** Whether it is, or was, the Room of a conversation or a Space. */
  private async isOurs(roomId: RoomId): Promise<boolean> {
    const found = await Promise.all([
      this.conversations.ofRoom(roomId),
      this.careTeams.ofSpace(roomId),
      this.careTeams.ofFormerSpace(roomId),
    ]);
    return found.some((each) => each !== undefined);
  }
}

function childOf(space: readonly RoomState[], roomId: RoomId): RoomState | undefined {
  return space.find(
    ({ type, state_key, content }) => type === 'm.space.child' && state_key === roomId && isLinked(content),
  );
}

/** A link without `via` is one that was taken back (Matrix specification, "m.space.child"). */
function isLinked({ via }: Record<string, unknown>): boolean {
  return Array.isArray(via) && via.length > 0;
}

function viaOf({ content }: RoomState): string[] {
  return (content.via as unknown[])
    .filter((server): server is string => typeof server === 'string')
    .slice(0, 5);
}

function nameOf(current: readonly RoomState[]): string | undefined {
  const name = stateOf(current, 'm.room.name')?.content.name;
  return typeof name === 'string' && name.trim() !== '' ? name : undefined;
}
