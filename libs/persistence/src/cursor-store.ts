import { Injectable } from '@nestjs/common';
import { Database } from './database';

/** How far the changes of each resource type have been read, per notification source. */
@Injectable()
export class CursorStore {
  constructor(private readonly database: Database) {}

  async read(source: string): Promise<ReadonlyMap<string, Date>> {
    const rows = await this.database.client.notificationCursor.findMany({ where: { source } });
    return new Map(rows.map((row) => [row.resourceType, row.lastUpdated]));
  }

  /** Moves the cursor forward; never back. */
  async advance(source: string, resourceType: string, lastUpdated: Date): Promise<void> {
    const inserted = await this.database.client.notificationCursor.createMany({
      data: { source, resourceType, lastUpdated },
      skipDuplicates: true,
    });
    if (inserted.count > 0) return;
    await this.database.client.notificationCursor.updateMany({
      where: { source, resourceType, lastUpdated: { lt: lastUpdated } },
      data: { lastUpdated },
    });
  }
}
