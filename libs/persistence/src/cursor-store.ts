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

  /** Moves the cursor forward; never back. One statement, as each pull that found something makes it. */
  async advance(source: string, resourceType: string, lastUpdated: Date): Promise<void> {
    await this.database.client.$executeRaw`
      INSERT INTO notification_cursor AS known (source, resource_type, last_updated)
      VALUES (${source}, ${resourceType}, ${lastUpdated})
      ON CONFLICT (source, resource_type) DO UPDATE SET last_updated = EXCLUDED.last_updated
      WHERE known.last_updated < EXCLUDED.last_updated`;
  }
}
