import { Injectable, Logger } from '@nestjs/common';
import { RoomId, UserId, typeOf } from '@bridge/contracts';
import { initialsOf, nameWithoutRole } from '@bridge/mapping';
import { Ghosts, MatrixRefusal, Members, Rooms, isForbidden } from '@bridge/matrix';
import { Participant, ParticipantStore, RoomMembershipStore } from '@bridge/persistence';

/** Makes ghosts exist, with the name and the initials of their person, and brings them into Rooms and out of them. */
@Injectable()
export class GhostKeeper {
  private readonly logger = new Logger(GhostKeeper.name);
  /** What this process is doing: whoever wants the same waits for it instead of doing it once more. */
  private readonly underWay = new Map<string, Promise<void>>();
  private readonly withDevice = new Set<UserId>();

  constructor(
    private readonly ghosts: Ghosts,
    private readonly rooms: Rooms,
    private readonly members: Members,
    private readonly participants: ParticipantStore,
    private readonly memberships: RoomMembershipStore,
  ) {}

  /** Registers the ghost with its device and gives it name and avatar, as far as that is not done yet. */
  async ensure(participant: Participant): Promise<void> {
    const { ghostUserId, ghostReady, displayName, ghostName, ghostAvatar } = participant;
    const avatar = avatarOf(participant);
    if (ghostReady && ghostName === displayName && ghostAvatar === avatar) return;
    await this.once(`${ghostUserId} ${avatar} ${displayName}`, () => this.bringUpToDate(participant, avatar));
  }

  /** A device for the bot: only sends that name one are remembered by the homeserver over its restart. */
  async ensureDevice(bot: UserId): Promise<void> {
    if (this.withDevice.has(bot)) return;
    await this.once(bot, async () => {
      await this.ghosts.register(bot);
      await this.ghosts.ensureDevice(bot);
      this.withDevice.add(bot);
    });
  }

  /** As `join`, without asking the homeserver where the ghost is known to be in the Room. It may not be: see `join`. */
  async ensureJoined(roomId: RoomId, participant: Participant): Promise<void> {
    await this.ensure(participant);
    if ((await this.memberships.find(roomId, participant.ghostUserId)) === 'join') return;
    await this.once(`${roomId} ${participant.ghostUserId}`, () =>
      this.enter(roomId, participant.ghostUserId),
    );
  }

  /** Brings the ghost into a Room, whatever is known of it: for when the homeserver says that it is not there. */
  async join(roomId: RoomId, participant: Participant): Promise<void> {
    await this.ensure(participant);
    await this.once(`${roomId} ${participant.ghostUserId}`, () =>
      this.enter(roomId, participant.ghostUserId),
    );
  }

  /** Takes a ghost out of a Room, in its own name. */
  async leave(roomId: RoomId, ghost: UserId): Promise<void> {
    try {
      await this.members.leave(roomId, ghost);
    } catch (error) {
      // It is out already.
      if (!(error instanceof MatrixRefusal)) throw error;
    }
    await this.memberships.note(roomId, ghost, 'leave');
  }

  private async bringUpToDate(participant: Participant, avatar: string): Promise<void> {
    const { ghostUserId, ghostReady, displayName, ghostName, ghostAvatar, fhirRef } = participant;
    if (!ghostReady) {
      await this.ghosts.register(ghostUserId);
      await this.ghosts.ensureDevice(ghostUserId);
    }
    if (ghostName !== displayName) await this.ghosts.setDisplayName(ghostUserId, displayName);
    if ((ghostAvatar ?? '') !== avatar) await this.tryAvatar(ghostUserId, avatar);
    await this.participants.ghostIsReady(fhirRef, { ghostName: displayName, ghostAvatar: avatar });
  }

  /** A homeserver that takes no files keeps nobody from talking. */
  private async tryAvatar(ghost: UserId, avatar: string): Promise<void> {
    try {
      await this.ghosts.setAvatar(ghost, avatar);
    } catch (error) {
      if (!(error instanceof MatrixRefusal)) throw error;
      this.logger.warn({ msg: 'A ghost stays without avatar', err: error });
    }
  }

  /** Only the bot's invite opens a Room; a ghost that was invited before needs no second one. */
  private async enter(roomId: RoomId, ghost: UserId): Promise<void> {
    try {
      await this.rooms.join(roomId, ghost);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      await this.rooms.invite(roomId, ghost);
      await this.rooms.join(roomId, ghost);
    }
    await this.memberships.note(roomId, ghost, 'join');
  }

  private async once(what: string, work: () => Promise<void>): Promise<void> {
    const before = this.underWay.get(what);
    if (before) return before;
    const promise = work().finally(() => this.underWay.delete(what));
    this.underWay.set(what, promise);
    return promise;
  }
}

/** The initials of the person's name; none for a patient, of whom a profile must tell nothing. */
function avatarOf({ fhirRef, displayName }: Participant): string {
  return typeOf(fhirRef) === 'Patient' ? '' : initialsOf(nameWithoutRole(displayName));
}
