import { Injectable, Logger } from '@nestjs/common';
import type { MatrixEvent, RoomId } from '@bridge/contracts';
import { QueuePublisher } from '@bridge/queue';

/** An event that comes so much later than it was said was held back, in milliseconds. */
const lateMs = 10_000;
/** So long a Room that was asked for is not asked for again, in milliseconds. */
const quietMs = 30_000;
/** Rooms remembered; of those beyond a comparison too many does no harm. */
const mostRooms = 1_000;

/**
 * Notices that the homeserver has held events back. After an outage it delivers them one by one, each when the one
 * before is stored; the comparison of the Room reads them a hundred at a time. Both go on at once, and what comes both
 * ways is stored once.
 */
@Injectable()
export class HeldBackEvents {
  private readonly logger = new Logger(HeldBackEvents.name);
  /** When a Room was asked for; the one that was asked for longest ago comes first. */
  private readonly asked = new Map<RoomId, number>();

  constructor(private readonly publisher: Pick<QueuePublisher, 'publish'>) {}

  /** Has the Room of a late event compared with what arrived. Never fails: the homeserver brings everything as well. */
  async notice(event: Pick<MatrixEvent, 'event_id' | 'room_id' | 'origin_server_ts'>): Promise<void> {
    const { event_id: eventId, room_id: roomId, origin_server_ts: saidAt } = event;
    const now = Date.now();
    if (now - saidAt < lateMs || now - (this.asked.get(roomId) ?? -Infinity) < quietMs) return;
    this.remember(roomId, now);
    try {
      await this.publisher.publish('command.resync-room', roomId, { roomId }, { id: `late ${eventId}` });
    } catch (error) {
      this.asked.delete(roomId);
      this.logger.warn({ msg: 'A Room with late events could not be asked for', err: error });
    }
  }

  private remember(roomId: RoomId, now: number): void {
    this.asked.delete(roomId);
    this.asked.set(roomId, now);
    if (this.asked.size <= mostRooms) return;
    const [oldest] = this.asked.keys();
    this.asked.delete(oldest!);
  }
}
