import { Injectable } from '@nestjs/common';
import { EventId, RoomId } from '@bridge/contracts';
import { Database } from './database';

/** The two events that mark a message; null while they are not known to be sent. */
export interface DeliveryMark {
  readonly noticeEventId: EventId | null;
  readonly reactionEventId: EventId | null;
}

/**
 * Messages whose senders are told that they are not in the record yet. The mapper makes a row when that is so;
 * room-manager notes in it what it sent, and removes it when the mark is gone.
 */
@Injectable()
export class DeliveryMarkStore {
  constructor(private readonly database: Database) {}

  /** Makes the row, unless it is there. */
  async open(eventId: EventId, roomId: RoomId): Promise<DeliveryMark> {
    const data = { eventId, roomId };
    await this.database.client.deliveryMark.createMany({ data, skipDuplicates: true });
    // Without a row again: it was marked and cleared in between, and there is nothing to be sent for it.
    return (await this.find(eventId)) ?? { noticeEventId: null, reactionEventId: null };
  }

  async find(eventId: EventId): Promise<DeliveryMark | undefined> {
    const row = await this.database.client.deliveryMark.findUnique({ where: { eventId } });
    return (row as DeliveryMark | null) ?? undefined;
  }

  /** Notes what was sent for it; nothing when the row is gone. */
  async sent(eventId: EventId, sent: Partial<DeliveryMark>): Promise<void> {
    await this.database.client.deliveryMark.updateMany({ where: { eventId }, data: sent });
  }

  async remove(eventId: EventId): Promise<void> {
    await this.database.client.deliveryMark.deleteMany({ where: { eventId } });
  }

  async countIn(roomId: RoomId): Promise<number> {
    return this.database.client.deliveryMark.count({ where: { roomId } });
  }
}
