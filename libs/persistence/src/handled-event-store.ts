import { Injectable } from '@nestjs/common';
import { EventId } from '@bridge/contracts';
import { Database } from './database';

/** The Matrix events that a worker is done with. */
@Injectable()
export class HandledEventStore {
  constructor(private readonly database: Database) {}

  /** Of these events, the ones that are done with. */
  async has(eventIds: readonly EventId[]): Promise<ReadonlySet<EventId>> {
    const rows = await this.database.client.handledEvent.findMany({
      where: { eventId: { in: [...eventIds] } },
      select: { eventId: true },
    });
    return new Set(rows.map(({ eventId }) => eventId as EventId));
  }
}
