import { FhirRef } from '@bridge/contracts';
import type { Prisma } from './generated/client';

/**
 * Has the care teams of a person read and applied again, and with them their Spaces and Rooms: those they belong to,
 * and those whose conversations name them. In the transaction of the change itself, so that none without the other is
 * ever kept; the rows are locked in one order, so that two such changes do not wait for each other.
 * @param limit how many care teams: all of them, or one, which is enough for what a person has once in Matrix
 */
export async function markDue(
  transaction: Prisma.TransactionClient,
  person: FhirRef,
  at: Date,
  limit: number | null = null,
): Promise<FhirRef[]> {
  const rows = await transaction.$queryRaw<{ care_team: string }[]>`
    UPDATE care_team_space SET next_change_at = ${at}
    WHERE care_team IN (
      SELECT care_team FROM care_team_space
      WHERE care_team IN (
        SELECT care_team FROM care_team_member WHERE person = ${person} AND present
        UNION
        SELECT care_team FROM conversation_room WHERE parties @> ARRAY[${person}]::text[])
      ORDER BY care_team LIMIT ${limit} FOR NO KEY UPDATE)
    RETURNING care_team`;
  return rows.map((row) => row.care_team as FhirRef);
}
