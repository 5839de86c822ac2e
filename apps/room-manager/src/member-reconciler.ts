import { Injectable, Logger } from '@nestjs/common';
import { RoomId, UserId } from '@bridge/contracts';
import type { Changes } from '@bridge/mapping';
import { Rooms } from '@bridge/matrix';
import { ParticipantStore, RoomMembershipStore } from '@bridge/persistence';
import type { ContainerPlace } from './container-places';
import { GhostKeeper } from './ghost-keeper';
import { Inviter } from './inviter';
import { ManagerConfig } from './manager-config';
import { visibleId } from './visible-id';

/** Has in a Space or Room who belongs there, and nobody else whom the record knows. */
@Injectable()
export class MemberReconciler {
  private readonly logger = new Logger(MemberReconciler.name);

  constructor(
    private readonly rooms: Rooms,
    private readonly ghosts: GhostKeeper,
    private readonly inviter: Inviter,
    private readonly participants: ParticipantStore,
    private readonly memberships: RoomMembershipStore,
    private readonly config: ManagerConfig,
  ) {}

  /**
   * Ghosts leave in their own name: also the ghost of somebody who has an account now. When they write in FHIR again,
   * MessageSender brings it back in, until the next reconciliation: they come and go with changes of the care team, not
   * with messages. Of people only those are removed whom FHIR knows, or knew under this account: whom a member brought
   * in on their own account is not the record's to judge.
   */
  async remove(roomId: RoomId, candidates: readonly UserId[]): Promise<void> {
    if (candidates.length === 0) return;
    const known = await this.participants.known(candidates);
    for (const userId of candidates) {
      if (this.config.isOwn(userId)) await this.ghosts.leave(roomId, userId);
      else if (known.has(userId)) await this.kick(roomId, userId);
      else this.logger.log(`Somebody unknown to the record is in ${roomId}; left alone`);
    }
  }

  /**
   * Lets ghosts join and invites people; who has declined is not asked again until the care team changes.
   * Ghosts that are there already are given their present name, where that has changed.
   */
  async bringIn(
    place: ContainerPlace,
    { invite, putOut, invited }: Pick<Changes, 'invite' | 'putOut' | 'invited'>,
  ): Promise<void> {
    const { roomId, members } = place;
    const missing = new Set([...invite, ...invited]);
    for (const { participant } of members) {
      if (visibleId(participant) !== participant.ghostUserId) continue;
      if (missing.has(participant.ghostUserId)) await this.ghosts.join(roomId, participant);
      else await this.ghosts.ensure(participant);
    }
    const people = invite.filter((userId) => !this.config.isOwn(userId));
    const declined = await this.memberships.declined(roomId, people);
    const asked = people.filter((userId) => !declined.has(userId));
    await Promise.all(
      asked.map((userId) => this.inviter.inviteOrQueue({ ...place, userId, putOutAt: putOut.get(userId) })),
    );
  }

  private async kick(roomId: RoomId, userId: UserId): Promise<void> {
    await this.rooms.kick(roomId, userId);
    await this.memberships.note(roomId, userId, 'leave');
  }
}
