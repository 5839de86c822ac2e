import type { EventId, MatrixEvent, RoomId } from '@bridge/contracts';
import { type Rooms, isForbidden } from '@bridge/matrix';

/** As `Rooms.event`; undefined also where the bot may not look: the Room was deleted, or the bot was put out of it. */
export async function visibleEvent(
  rooms: Pick<Rooms, 'event'>,
  roomId: RoomId,
  eventId: EventId,
): Promise<MatrixEvent | undefined> {
  try {
    return await rooms.event(roomId, eventId);
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}
