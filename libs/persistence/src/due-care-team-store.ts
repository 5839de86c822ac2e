import { Injectable } from '@nestjs/common';
import { FhirRef } from '@bridge/contracts';
import { Database } from './database';

export interface DueCareTeam {
  readonly careTeam: FhirRef;
  readonly since: Date;
}

/** Care teams to be applied again though no new version of them came: a period begins or ends, or a person has changed. */
@Injectable()
export class DueCareTeamStore {
  constructor(private readonly database: Database) {}

  /** Those that are due, the ones that wait longest first. */
  async list(now: Date, limit: number): Promise<DueCareTeam[]> {
    const rows = await this.database.client.careTeamSpace.findMany({
      where: { nextChangeAt: { lte: now } },
      orderBy: { nextChangeAt: 'asc' },
      take: limit,
      select: { careTeam: true, nextChangeAt: true },
    });
    return rows.map(({ careTeam, nextChangeAt }) => ({
      careTeam: careTeam as FhirRef,
      since: nextChangeAt!,
    }));
  }

  /** Nothing more is to come of it: the record does not hold it any more. */
  async forget(careTeam: FhirRef): Promise<void> {
    await this.database.client.careTeamSpace.updateMany({
      where: { careTeam },
      data: { nextChangeAt: null },
    });
  }
}
