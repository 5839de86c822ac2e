import { Injectable } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';
import { MatrixRefusal } from '@bridge/matrix';
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
  ) {}

  /**
   * Invites the person if they still belong.
   * @throws TransientError while their homeserver is away: the queue tries again
   */
  async invite(command: MessageOf<'command.invite'>): Promise<void> {
    const { kind, container, userId } = command;
    const place = kind === 'space' ? await this.space(command) : await this.room(command);
    if (!place?.roomId) return;
    const belongs = place.members.some(({ participant }) => visibleId(participant) === userId);
    if (!belongs) return;
    try {
      await this.inviter.invite({
        kind,
        container,
        userId,
        roomId: place.roomId,
        sealedSubject: place.sealedSubject,
      });
    } catch (error) {
      // "Already in the room": a reconciliation in between has invited them.
      if (!(error instanceof MatrixRefusal && error.errcode === 'M_FORBIDDEN')) throw error;
    }
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
