import { Injectable } from '@nestjs/common';
import { EventId, RoomId, UserId } from '@bridge/contracts';
import { Homeserver } from './homeserver';
import { MatrixRefusal } from './matrix-failure';

/** What somebody is to a room now. */
export interface CurrentMembership {
  readonly event_id: EventId;
  readonly sender: UserId;
  readonly content: Record<string, unknown>;
}

/** Who is in a room, seen and changed as the bot. */
@Injectable()
export class Members {
  constructor(private readonly homeserver: Homeserver) {}

  /**
   * The event that says what somebody is to a room now (`format=event`: the whole event, not its content alone).
   * @returns undefined for somebody who never had to do with the room, and where the bot may not look
   */
  async current(roomId: RoomId, userId: UserId): Promise<CurrentMembership | undefined> {
    try {
      return await this.homeserver.call<CurrentMembership>({
        operation: 'read a membership',
        method: 'GET',
        path: `${pathOf(roomId)}/state/m.room.member/${encodeURIComponent(userId)}`,
        query: { format: 'event' },
      });
    } catch (error) {
      if (error instanceof MatrixRefusal && (error.status === 404 || error.status === 403)) return undefined;
      throw error;
    }
  }

  /** Whether somebody is in the room now; false also where the bot may not look. */
  async isIn(roomId: RoomId, userId: UserId): Promise<boolean> {
    return (await this.current(roomId, userId))?.content.membership === 'join';
  }

  /**
   * Finds out whether somebody's homeserver can be reached, by asking for their profile. An invite would find out too,
   * but while one waits for a server that is away, Synapse lets nobody else into that room or out of it.
   * @param withinMs not given: the configured limit
   * @throws TransientError when it cannot be reached
   */
  async reach(userId: UserId, withinMs?: number): Promise<void> {
    try {
      await this.homeserver.call({
        operation: 'reach the homeserver of somebody to be invited',
        method: 'GET',
        path: `/_matrix/client/v3/profile/${encodeURIComponent(userId)}`,
        timeoutMs: withinMs,
      });
    } catch (error) {
      // It has answered, or ours tells nobody's profile: then the invite itself finds out.
      if (!(error instanceof MatrixRefusal)) throw error;
    }
  }

  /** @param reason what they and others in the room are shown */
  async remove(roomId: RoomId, userId: UserId, reason: string): Promise<void> {
    await this.homeserver.call({
      operation: 'remove a member',
      method: 'POST',
      path: `${pathOf(roomId)}/kick`,
      body: { user_id: userId, reason },
    });
  }

  /** Lifts a ban; they are out of the room still. */
  async unban(roomId: RoomId, userId: UserId): Promise<void> {
    await this.homeserver.call({
      operation: 'lift a ban',
      method: 'POST',
      path: `${pathOf(roomId)}/unban`,
      body: { user_id: userId },
    });
  }

  /** Lets a ghost leave, in its own name. */
  async leave(roomId: RoomId, ghost: UserId): Promise<void> {
    await this.homeserver.call({
      operation: 'let a ghost leave',
      method: 'POST',
      path: `${pathOf(roomId)}/leave`,
      as: ghost,
    });
  }
}

function pathOf(roomId: RoomId): string {
  return `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}`;
}
