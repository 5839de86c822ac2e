import { Injectable } from '@nestjs/common';
import type { MessageOf, RoomId, UserId } from '@bridge/contracts';
import { Rooms } from '@bridge/matrix';
import { CareTeamStore, ConversationStore } from '@bridge/persistence';
import { visibleId } from './container-reconciler';
import { Inviter } from './inviter';

/** Invites that could not be made at once. */
@Injectable()
export class LateInvites {
  constructor(
    private readonly careTeams: CareTeamStore,
    private readonly conversations: ConversationStore,
    private readonly inviter: Inviter,
    private readonly rooms: Rooms,
  ) {}

  /**
   * Invites the person if they still belong and are not there yet.
   * @throws TransientError while their homeserver is away: the queue tries again
   * @throws MatrixRefusal when it will not have the invite: for the dead letters
   */
  async invite(command: MessageOf<'command.invite'>): Promise<void> {
    const { kind, container, userId } = command;
    const place = kind === 'space' ? await this.space(command) : await this.room(command);
    if (!place?.roomId) return;
    const belongs = place.members.some(({ participant }) => visibleId(participant) === userId);
    if (!belongs || (await this.isPresent(place.roomId, userId))) return;
    await this.inviter.invite({
      kind,
      container,
      userId,
      roomId: place.roomId,
      sealedSubject: place.sealedSubject,
    });
  }

  /** A reconciliation in between may have invited them. */
  private async isPresent(roomId: RoomId, userId: UserId): Promise<boolean> {
    const state = await this.rooms.state(roomId);
    const member = state.find(({ type, state_key }) => type === 'm.room.member' && state_key === userId);
    return member?.content.membership === 'join' || member?.content.membership === 'invite';
  }

  private async space({ container }: MessageOf<'command.invite'>) {
    const careTeam = await this.careTeams.find(container);
    return careTeam && { ...careTeam, roomId: careTeam.spaceId };
  }

  private async room({ container }: MessageOf<'command.invite'>) {
    const conversation = await this.conversations.find(container);
    if (!conversation) return undefined;
    const careTeam = conversation.careTeam ? await this.careTeams.find(conversation.careTeam) : undefined;
    const members = await this.conversations.members(conversation);
    return { roomId: conversation.roomId, members, sealedSubject: careTeam?.sealedSubject ?? null };
  }
}
