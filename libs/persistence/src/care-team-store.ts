import { Injectable } from '@nestjs/common';
import { CareTeamRole, FhirRef, RoomId, UserId } from '@bridge/contracts';
import { Database } from './database';
import { isUniqueViolation } from './is-unique-violation';
import { Participant, opaqueId, toParticipant } from './participant-store';

/** What one version of a CareTeam says. */
export interface CareTeamFacts {
  readonly careTeam: FhirRef;
  readonly subject: FhirRef | null;
  readonly open: boolean;
  /** Whether a Space is made for it. */
  readonly ownSpace: boolean;
  readonly versionAt: Date;
  /** The patient as the invite to another homeserver names them, sealed; null where there is no pseudonym. */
  readonly sealedSubject: Uint8Array<ArrayBuffer> | null;
  /** When the next period of a participant begins or ends. */
  readonly nextChangeAt: Date | null;
  readonly members: readonly { readonly person: FhirRef; readonly role: CareTeamRole }[];
}

export interface Member {
  readonly participant: Participant;
  readonly role: CareTeamRole;
}

export interface CareTeamSpace {
  readonly careTeam: FhirRef;
  readonly subject: FhirRef | null;
  readonly open: boolean;
  /** Whether a Space is made for it; one that is there already is kept in step all the same. */
  readonly ownSpace: boolean;
  readonly aliasLocalpart: string;
  readonly spaceId: RoomId | null;
  /** Spaces it had before: upgraded, or deleted by an administrator. */
  readonly formerSpaceIds: readonly RoomId[];
  readonly sealedSubject: Uint8Array | null;
  readonly members: readonly Member[];
}

@Injectable()
export class CareTeamStore {
  constructor(
    private readonly database: Database,
    private readonly aliasPrefix: string,
  ) {}

  /**
   * Writes what a version of the CareTeam says, with its members, as a whole.
   * Every person in `members` must be saved before.
   * @returns false when a newer version was written already: then nothing is changed
   */
  async apply(facts: CareTeamFacts): Promise<boolean> {
    const { careTeam, members, ...row } = facts;
    return this.database.transaction(async (transaction) => {
      const inserted = await transaction.careTeamSpace.createMany({
        data: { careTeam, ...row, aliasLocalpart: this.aliasPrefix + opaqueId() },
        skipDuplicates: true,
      });
      if (inserted.count === 0) {
        // The update locks the row, so that two versions are never applied half and half.
        const updated = await transaction.careTeamSpace.updateMany({
          where: { careTeam, versionAt: { lte: row.versionAt } },
          data: row,
        });
        if (updated.count === 0) return false;
      }
      await transaction.careTeamMember.updateMany({ where: { careTeam }, data: { present: false } });
      const persons = members.map(({ person }) => person);
      await transaction.careTeamMember.deleteMany({ where: { careTeam, person: { in: persons } } });
      await transaction.careTeamMember.createMany({
        data: members.map(({ person, role }) => ({ careTeam, person, role, present: true })),
      });
      return true;
    });
  }

  async find(careTeam: FhirRef): Promise<CareTeamSpace | undefined> {
    return this.findBy({ careTeam });
  }

  /** The care team of a Space. */
  async ofSpace(spaceId: RoomId): Promise<CareTeamSpace | undefined> {
    return this.findBy({ spaceId });
  }

  /** The open care teams to which somebody with this Matrix account belongs now. */
  async ofAccount(accountUserId: UserId): Promise<FhirRef[]> {
    const rows = await this.database.client.careTeamSpace.findMany({
      where: { open: true, members: { some: { present: true, participant: { accountUserId } } } },
      orderBy: { careTeam: 'asc' },
      select: { careTeam: true },
    });
    return rows.map((row) => row.careTeam as FhirRef);
  }

  /** The care teams that have, or had, this person as a member. */
  async ofPerson(person: FhirRef): Promise<FhirRef[]> {
    const rows = await this.database.client.careTeamMember.findMany({
      where: { person },
      orderBy: { careTeam: 'asc' },
      select: { careTeam: true },
    });
    return rows.map((row) => row.careTeam as FhirRef);
  }

  private async findBy(
    where: { careTeam: string } | { spaceId: string },
  ): Promise<CareTeamSpace | undefined> {
    const row = await this.database.client.careTeamSpace.findUnique({
      where,
      include: {
        members: { where: { present: true }, include: { participant: true }, orderBy: { person: 'asc' } },
      },
    });
    if (!row) return undefined;
    return {
      careTeam: row.careTeam as FhirRef,
      subject: row.subject as FhirRef | null,
      open: row.open,
      ownSpace: row.ownSpace,
      aliasLocalpart: row.aliasLocalpart,
      spaceId: row.spaceId as RoomId | null,
      formerSpaceIds: row.formerSpaceIds as RoomId[],
      sealedSubject: row.sealedSubject,
      members: row.members.map(toMember),
    };
  }

  /** Whether a room is the Space of a care team. */
  async hasSpace(spaceId: RoomId): Promise<boolean> {
    const row = await this.database.client.careTeamSpace.findUnique({
      where: { spaceId },
      select: { careTeam: true },
    });
    return row !== null;
  }

  /** The open care teams around a patient, the most recently changed first. */
  async ofSubject(subject: FhirRef): Promise<FhirRef[]> {
    const rows = await this.database.client.careTeamSpace.findMany({
      where: { subject, open: true },
      orderBy: { versionAt: 'desc' },
      select: { careTeam: true },
    });
    return rows.map((row) => row.careTeam as FhirRef);
  }

  /** The care team that had this Space before. */
  async ofFormerSpace(spaceId: RoomId): Promise<CareTeamSpace | undefined> {
    // Not `findFirst`: its LIMIT has Postgres expect a match nearby, and read the whole table where there is none.
    const [row] = await this.database.client.careTeamSpace.findMany({
      where: { formerSpaceIds: { has: spaceId } },
      select: { careTeam: true },
    });
    return row ? this.find(row.careTeam as FhirRef) : undefined;
  }

  /**
   * The Space was replaced by another. Of several who say so, one does it.
   * @returns whether this call did
   */
  async moveSpace(careTeam: FhirRef, from: RoomId, to: RoomId): Promise<boolean> {
    const { count } = await this.database.client.careTeamSpace.updateMany({
      where: { careTeam, spaceId: from },
      data: { spaceId: to, formerSpaceIds: { push: from } },
    });
    return count > 0;
  }

  /**
   * The Space is gone: the next one is made behind an alias of its own.
   * @returns whether this call found it out
   */
  async loseSpace(careTeam: FhirRef, spaceId: RoomId): Promise<boolean> {
    const { count } = await this.database.client.careTeamSpace.updateMany({
      where: { careTeam, spaceId },
      data: {
        spaceId: null,
        formerSpaceIds: { push: spaceId },
        aliasLocalpart: this.aliasPrefix + opaqueId(),
      },
    });
    return count > 0;
  }

  /** Notes the Space that was made; one that is there already stays. Another care team's Space is refused. */
  async setSpace(careTeam: FhirRef, spaceId: RoomId): Promise<void> {
    try {
      await this.database.client.careTeamSpace.updateMany({
        where: { careTeam, spaceId: null },
        data: { spaceId },
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new Error(`Space of ${careTeam} is bound to another care team already`, { cause: error });
    }
  }
}

/** A row of care_team_member with its person. */
export function toMember(row: { role: string; participant: Parameters<typeof toParticipant>[0] }): Member {
  return { role: row.role as CareTeamRole, participant: toParticipant(row.participant) };
}
