import { Injectable } from '@nestjs/common';
import { EventId, RoomId } from '@bridge/contracts';
import { Database } from './database';

/** In the place of an event: the Room's timeline was not compared yet. The column knows no null. */
const nothingYet = '';

/** How far each Room's timeline has been compared with what arrived, and when that was done last. */
@Injectable()
export class RoomCheckpointStore {
  constructor(private readonly database: Database) {}

  /** Up to which event a Room was compared; undefined: not at all. */
  async find(roomId: RoomId): Promise<EventId | undefined> {
    const row = await this.database.client.roomCheckpoint.findUnique({ where: { roomId } });
    return (row?.eventId || undefined) as EventId | undefined;
  }

  /** Moves it on. Where another has moved it meanwhile, theirs stays: a Room compared twice loses nothing. */
  async move(roomId: RoomId, from: EventId | undefined, to: EventId): Promise<void> {
    const table = this.database.client.roomCheckpoint;
    const inserted = await table.createMany({
      data: { roomId, eventId: to, checkedAt: new Date() },
      skipDuplicates: true,
    });
    if (inserted.count > 0) return;
    await table.updateMany({
      where: { roomId, eventId: from ?? nothingYet },
      data: { eventId: to },
    });
  }

  /**
   * Takes Rooms and Spaces in use that were not compared since `before`, those that wait longest first. What one
   * replica takes, no other does.
   */
  async claimDue(before: Date, limit: number): Promise<RoomId[]> {
    const rows = await this.database.client.$queryRaw<{ room_id: string }[]>`
      WITH in_use AS (
        SELECT room_id FROM conversation_room WHERE open AND room_id IS NOT NULL
        UNION ALL
        SELECT space_id FROM care_team_space WHERE open AND space_id IS NOT NULL
      ), due AS (
        SELECT in_use.room_id FROM in_use LEFT JOIN room_checkpoint USING (room_id)
        WHERE checked_at IS NULL OR checked_at < ${before}
        ORDER BY checked_at NULLS FIRST LIMIT ${limit}
      )
      INSERT INTO room_checkpoint (room_id, event_id, checked_at)
      SELECT room_id, ${nothingYet}, now() FROM due ORDER BY room_id
      ON CONFLICT (room_id) DO UPDATE SET checked_at = now() WHERE room_checkpoint.checked_at < ${before}
      RETURNING room_id`;
    return rows.map((row) => row.room_id as RoomId);
  }
}
