import { Injectable } from '@nestjs/common';
import { RoomId, UserId } from '@bridge/contracts';
import { Ghosts, MatrixRefusal, Rooms } from '@bridge/matrix';
import { Participant, ParticipantStore } from '@bridge/persistence';

/** Makes ghosts exist, with the name of their person, and brings them into Rooms. */
@Injectable()
export class GhostKeeper {
  constructor(
    private readonly ghosts: Ghosts,
    private readonly rooms: Rooms,
    private readonly participants: ParticipantStore,
  ) {}

  /** Registers the ghost with its device and name, as far as that is not done yet. */
  async ensure(participant: Participant): Promise<void> {
    const { ghostUserId, ghostReady, displayName, ghostName, fhirRef } = participant;
    if (ghostReady && ghostName === displayName) return;
    if (!ghostReady) {
      await this.ghosts.register(ghostUserId);
      await this.ghosts.ensureDevice(ghostUserId);
    }
    await this.ghosts.setDisplayName(ghostUserId, displayName);
    await this.participants.ghostIsReady(fhirRef, displayName);
  }

  /** A device for the bot: only sends that name one are remembered by the homeserver over its restart. */
  async ensureDevice(bot: UserId): Promise<void> {
    await this.ghosts.register(bot);
    await this.ghosts.ensureDevice(bot);
  }

  /** Brings the ghost into a Room, which only the bot's invite opens. */
  async join(roomId: RoomId, participant: Participant): Promise<void> {
    await this.ensure(participant);
    try {
      await this.rooms.invite(roomId, participant.ghostUserId);
    } catch (error) {
      // Already invited or joined by an earlier try; if it is neither, the join says so.
      if (!(error instanceof MatrixRefusal)) throw error;
    }
    await this.rooms.join(roomId, participant.ghostUserId);
  }
}
