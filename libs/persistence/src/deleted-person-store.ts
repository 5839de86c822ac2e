import { Injectable } from '@nestjs/common';
import { FhirRef } from '@bridge/contracts';
import { Database } from './database';
import { markDue } from './mark-due';

/**
 * People whose resource was deleted. They keep their ghost, which has said what it has said, and belong to no care team
 * any more: their care teams, read again, lead to nobody.
 */
@Injectable()
export class DeletedPersonStore {
  constructor(private readonly database: Database) {}

  /**
   * Notes that a person's resource was deleted. Somebody unknown, or with a later version, is left as they are.
   * @returns the care teams that have to be applied again for it, which are marked as due
   */
  async deleted(person: FhirRef, deletedAt: Date): Promise<FhirRef[]> {
    return this.database.transaction(async (transaction) => {
      const { count } = await transaction.participant.updateMany({
        where: { fhirRef: person, OR: [{ versionAt: null }, { versionAt: { lte: deletedAt } }] },
        data: { deletedAt },
      });
      return count === 0 ? [] : markDue(transaction, person, new Date());
    });
  }

  /**
   * Notes that a person's resource is there again, if it was deleted before this version.
   * @returns the care teams they belong to, or did, which are marked as due; undefined when they were not deleted
   */
  async restored(person: FhirRef, versionAt: Date): Promise<FhirRef[] | undefined> {
    return this.database.transaction(async (transaction) => {
      const { count } = await transaction.participant.updateMany({
        where: { fhirRef: person, deletedAt: { lt: versionAt } },
        data: { deletedAt: null },
      });
      if (count === 0) return undefined;
      // Those, too, that were applied while there was nobody: only they can tell whether it is still a member.
      const rows = await transaction.$queryRaw<{ care_team: string }[]>`
        UPDATE care_team_space SET next_change_at = ${new Date()}
        WHERE care_team IN (
          SELECT care_team FROM care_team_space
          WHERE care_team IN (
            SELECT care_team FROM care_team_member WHERE person = ${person}
            UNION
            SELECT care_team FROM conversation_room WHERE parties @> ARRAY[${person}]::text[])
          ORDER BY care_team FOR NO KEY UPDATE)
        RETURNING care_team`;
      return rows.map((row) => row.care_team as FhirRef);
    });
  }
}
