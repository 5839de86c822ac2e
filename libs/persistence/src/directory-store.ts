import { Injectable } from '@nestjs/common';
import { FhirRef, UserId } from '@bridge/contracts';
import { Database } from './database';

/** Somebody who can be found, and where in Matrix they are: their own account, else their ghost. */
export interface Listed {
  readonly fhirRef: FhirRef;
  readonly userId: UserId;
}

/** By what people are found. All that is given has to match; at least one has to be given. */
export type PersonQuery =
  | { readonly fhirRef: FhirRef; readonly uziNr?: string }
  | { readonly fhirRef?: FhirRef; readonly uziNr: string };

/** Of one account, some are several RelatedPersons: one for each patient. */
const MOST_LISTED = 100;

/** Who and what anybody on the homeserver may look up. Patients are not in it: an account shall not tell whose it is. */
@Injectable()
export class DirectoryStore {
  constructor(private readonly database: Database) {}

  async persons({ fhirRef, uziNr }: PersonQuery): Promise<Listed[]> {
    const rows = await this.database.client.participant.findMany({
      where: {
        fhirRef,
        ...(uziNr === undefined ? {} : { mapping: { path: ['uziNr'], equals: uziNr } }),
        NOT: { fhirRef: { startsWith: 'Patient/' } },
      },
      select: { fhirRef: true, accountUserId: true, ghostUserId: true },
      orderBy: { fhirRef: 'asc' },
      take: MOST_LISTED,
    });
    return rows.map((row) => ({
      fhirRef: row.fhirRef as FhirRef,
      userId: (row.accountUserId ?? row.ghostUserId) as UserId,
    }));
  }

  /** Whose account or ghost this is. */
  async personsBehind(userId: UserId): Promise<FhirRef[]> {
    const rows = await this.database.client.participant.findMany({
      where: {
        OR: [{ accountUserId: userId }, { ghostUserId: userId }],
        NOT: { fhirRef: { startsWith: 'Patient/' } },
      },
      select: { fhirRef: true },
      orderBy: { fhirRef: 'asc' },
      take: MOST_LISTED,
    });
    return rows.map(({ fhirRef }) => fhirRef as FhirRef);
  }

  /** The localpart of the alias of a care team's Space, once that exists. */
  async spaceAlias(careTeam: FhirRef): Promise<string | undefined> {
    const row = await this.database.client.careTeamSpace.findUnique({
      where: { careTeam, NOT: { spaceId: null } },
      select: { aliasLocalpart: true },
    });
    return row?.aliasLocalpart;
  }

  /** The care team whose existing Space has this alias. */
  async careTeamOf(aliasLocalpart: string): Promise<FhirRef | undefined> {
    const row = await this.database.client.careTeamSpace.findUnique({
      where: { aliasLocalpart, NOT: { spaceId: null } },
      select: { careTeam: true },
    });
    return row?.careTeam as FhirRef | undefined;
  }
}
