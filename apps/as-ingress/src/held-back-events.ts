import { Injectable, Logger } from '@nestjs/common';
import type { MatrixEvent, RoomId } from '@bridge/contracts';
import { QueuePublisher } from '@bridge/queue';

/** An event that comes so much later than it was said was held back, in milliseconds. */
const lateMs = 10_000;
/**
 * The replay of a Room is over when nothing came late for so long, in milliseconds. Until then its comparison, which reads
 * to the end of the timeline, is asked for once: each takes the homeserver time that it replays in.
 */
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
  /** When a late event of a Room came last; the one whose came longest ago comes first. */
  private readonly lastLate = new Map<RoomId, number>();

  constructor(private readonly publisher: Pick<QueuePublisher, 'publish'>) {}

  /** Has the Room of a late event compared with what arrived. Never fails: the homeserver brings everything as well. */
  async notice(event: Pick<MatrixEvent, 'event_id' | 'room_id' | 'origin_server_ts'>): Promise<void> {
    const { event_id: eventId, room_id: roomId, origin_server_ts: saidAt } = event;
    const now = Date.now();
    if (now - saidAt < lateMs) return;
    const isUnderWay = now - (this.lastLate.get(roomId) ?? -Infinity) < quietMs;
    this.remember(roomId, now);
    if (isUnderWay) return;
    const command = { roomId, cause: 'held-back' } as const;
    try {
      await this.publisher.publish('command.resync-room', roomId, command, { id: `late ${eventId}` });
    } catch (error) {
      this.lastLate.delete(roomId);
      this.logger.warn({ msg: 'A Room with late events could not be asked for', err: error });
    }
  }

  private remember(roomId: RoomId, now: number): void {
    this.lastLate.delete(roomId);
    this.lastLate.set(roomId, now);
    if (this.lastLate.size <= mostRooms) return;
    const [oldest] = this.lastLate.keys();
    this.lastLate.delete(oldest!);
  }
}
