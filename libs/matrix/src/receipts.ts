import { Injectable } from '@nestjs/common';
import type { EventId, RoomId, UserId } from '@bridge/contracts';
import { Homeserver } from './homeserver';
import type { RoomEvent } from './rooms';

/** So far back a message is looked for before an event that is none. */
const lookBack = 100;

/** Who has read up to where. */
@Injectable()
export class Receipts {
  constructor(private readonly homeserver: Homeserver) {}

  /** Says that somebody has read the room up to this event, in its threads as well. */
  async markRead(roomId: RoomId, eventId: EventId, as: UserId): Promise<void> {
    await this.homeserver.call({
      operation: 'mark a room as read',
      method: 'POST',
      path: `${pathOf(roomId)}/receipt/m.read/${encodeURIComponent(eventId)}`,
      as,
    });
  }

  /**
   * The messages before an event, the newest first: `m.room.message` alone, be it of people or of bots, the last 100 or so.
   * @throws MatrixRefusal (404) when the homeserver has no such event
   */
  async messagesBefore(roomId: RoomId, eventId: EventId): Promise<RoomEvent[]> {
    const filter = JSON.stringify({ types: ['m.room.message'] });
    const { events_before: before } = await this.homeserver.call<{ events_before?: RoomEvent[] }>({
      operation: 'read what was said before an event',
      method: 'GET',
      path: `${pathOf(roomId)}/context/${encodeURIComponent(eventId)}`,
      // Shared out to both sides of the event.
      query: { limit: String(2 * lookBack), filter },
    });
    return before ?? [];
  }
}

function pathOf(roomId: RoomId): string {
  return `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}`;
}
