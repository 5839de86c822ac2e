import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId, UserId } from '@bridge/contracts';
import { Database } from './database';

export type Membership = 'join' | 'invite' | 'leave' | 'ban' | 'knock';

/** Who is in which Room, as far as events and our own actions have told: saves asking, and is never the last word. */
@Injectable()
export class RoomMembershipStore {
  constructor(private readonly database: Database) {}

  async find(roomId: RoomId, userId: UserId): Promise<Membership | undefined> {
    const row = await this.database.client.roomMembership.findUnique({
      where: { roomId_userId: { roomId, userId } },
      select: { membership: true },
    });
    return row?.membership as Membership | undefined;
  }

  async note(roomId: RoomId, userId: UserId, membership: Membership): Promise<void> {
    const there = membership === 'join' || membership === 'invite' ? { declined: false } : {};
    await this.database.client.roomMembership.upsert({
      where: { roomId_userId: { roomId, userId } },
      create: { roomId, userId, membership },
      update: { membership, ...there },
    });
  }

  /** Notes that they will not come. */
  async decline(roomId: RoomId, userId: UserId): Promise<void> {
    const refusal = { membership: 'leave', declined: true };
    await this.database.client.roomMembership.upsert({
      where: { roomId_userId: { roomId, userId } },
      create: { roomId, userId, ...refusal },
      update: refusal,
    });
  }

  /** Of these people, the ones who have declined the invite into this Room. */
  async declined(roomId: RoomId, userIds: readonly UserId[]): Promise<ReadonlySet<string>> {
    if (userIds.length === 0) return new Set();
    const rows = await this.database.client.roomMembership.findMany({
      where: { roomId, userId: { in: [...userIds] }, declined: true },
      select: { userId: true },
    });
    return new Set(rows.map(({ userId }) => userId));
  }

  /** The care team has changed: whoever has declined is asked again, in its Space and in the Rooms of its conversations. */
  async askAgain(careTeam: FhirRef): Promise<void> {
    await this.database.client.$executeRaw`
      UPDATE room_membership SET declined = false
      WHERE declined AND room_id IN (
        SELECT space_id FROM care_team_space WHERE care_team = ${careTeam} AND space_id IS NOT NULL
        UNION ALL
        SELECT room_id FROM conversation_room
        WHERE (care_team = ${careTeam} OR parties @> ARRAY[${careTeam}]::text[]) AND room_id IS NOT NULL)`;
  }

  /**
   * Takes one of the few times that somebody is put back into a Room, or out of it, within a span of time.
   * @returns false when all of them are used up: then they and the record would go on for ever
   */
  async takeRestoration(
    roomId: RoomId,
    userId: UserId,
    { most, withinMs }: { readonly most: number; readonly withinMs: number },
  ): Promise<boolean> {
    const since = new Date(Date.now() - withinMs);
    const taken = await this.database.client.$executeRaw`
      UPDATE room_membership
      SET restored_at = ARRAY(SELECT at FROM unnest(restored_at) AS at WHERE at > ${since}) || now()::timestamptz(3)
      WHERE room_id = ${roomId} AND user_id = ${userId}
        AND (SELECT count(*) FROM unnest(restored_at) AS at WHERE at > ${since}) < ${most}`;
    return taken > 0;
  }
}
