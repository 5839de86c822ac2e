import { Injectable } from '@nestjs/common';
import type { FhirRef } from '@bridge/contracts';
import { Database } from './database';

/** Care teams that are participants of other care teams, however deep. */
@Injectable()
export class NestedCareTeamStore {
  constructor(private readonly database: Database) {}

  /**
   * Notes that a care team has another one in it. To be done before the inner one is read: a change of it that is worked
   * on at the same time then either was there to be read, or finds this note.
   */
  async note(careTeam: FhirRef, nested: FhirRef): Promise<void> {
    await this.database.client.nestedCareTeam.createMany({
      data: { careTeam, nested },
      skipDuplicates: true,
    });
  }

  /** Forgets those that a care team has in it no more. */
  async keepOnly(careTeam: FhirRef, nested: readonly FhirRef[]): Promise<void> {
    await this.database.client.nestedCareTeam.deleteMany({
      where: { careTeam, nested: { notIn: [...nested] } },
    });
  }

  /** The care teams that have this one in them, directly or through others. */
  async around(nested: FhirRef): Promise<FhirRef[]> {
    const rows = await this.database.client.nestedCareTeam.findMany({
      where: { nested },
      orderBy: { careTeam: 'asc' },
      select: { careTeam: true },
    });
    return rows.map((row) => row.careTeam as FhirRef);
  }
}
