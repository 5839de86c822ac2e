import { Injectable } from '@nestjs/common';
import { EventId, RoomId } from '@bridge/contracts';
import { Database } from './database';

/** Which Matrix events the mapper is done with, whoever brought them: the homeserver, or a comparison of timelines. */
@Injectable()
export class HandledEventStore {
  constructor(private readonly database: Database) {}

  async isHandled(eventId: EventId): Promise<boolean> {
    const row = await this.database.client.handledEvent.findUnique({
      where: { eventId },
      select: { eventId: true },
    });
    return row !== null;
  }

  /** Notes that all effects of an event are done. Repeating it changes nothing. */
  async note(eventId: EventId, roomId: RoomId): Promise<void> {
    await this.database.client.handledEvent.createMany({ data: { eventId, roomId }, skipDuplicates: true });
  }

  /** From now on the event is worked on again when it comes. */
  async forget(eventId: EventId): Promise<void> {
    await this.database.client.handledEvent.deleteMany({ where: { eventId } });
  }

  /**
   * Forgets the oldest of what was handled before an instant. Several processes may do so at once: rows that another
   * one is deleting are passed over.
   * @returns how many rows went, at most `limit`
   */
  async purge(before: Date, limit: number): Promise<number> {
    return this.database.client.$executeRaw`
      DELETE FROM handled_event WHERE event_id IN (
        SELECT event_id FROM handled_event WHERE handled_at < ${before}
        ORDER BY handled_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      )`;
  }

  /** Of these events, the ones that are done with. */
  async has(eventIds: readonly EventId[]): Promise<ReadonlySet<EventId>> {
    const rows = await this.database.client.handledEvent.findMany({
      where: { eventId: { in: [...eventIds] } },
      select: { eventId: true },
    });
    return new Set(rows.map(({ eventId }) => eventId as EventId));
  }
}
