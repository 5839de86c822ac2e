import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { FhirRef, UserId, UserMapping } from '@bridge/contracts';
import { Database } from './database';
import type { Participant as Row } from './generated/client';
import { markDue } from './mark-due';

/** A person as FHIR knows them, and how Matrix knows them. */
export interface Participant {
  readonly fhirRef: FhirRef;
  readonly accountUserId: UserId | null;
  readonly ghostUserId: UserId;
  readonly ghostReady: boolean;
  readonly displayName: string;
  /** The name and the avatar's initials that the homeserver has of the ghost. */
  readonly ghostName: string | null;
  readonly ghostAvatar: string | null;
  readonly mapping: UserMapping;
  /** Their role in the words of the care team that gave it. */
  readonly roleText: string | null;
}

/** What a person's resource says of them. */
export interface Person extends Pick<Participant, 'fhirRef' | 'accountUserId' | 'displayName' | 'mapping'> {
  readonly roleText?: string;
  /** Of the resource; left out where the server keeps no time of its versions. */
  readonly versionAt?: Date;
}

/** What the homeserver has of a ghost. */
export type GhostProfile = Pick<Participant, 'ghostName' | 'ghostAvatar'>;

export function toParticipant(row: Row): Participant {
  return {
    fhirRef: row.fhirRef as FhirRef,
    accountUserId: row.accountUserId as UserId | null,
    ghostUserId: row.ghostUserId as UserId,
    ghostReady: row.ghostReady,
    displayName: row.displayName,
    ghostName: row.ghostName,
    ghostAvatar: row.ghostAvatar,
    mapping: row.mapping as unknown as UserMapping,
    roleText: row.roleText,
  };
}

@Injectable()
export class ParticipantStore {
  constructor(private readonly database: Database) {}

  /** Whether a ghost with this id was ever handed out: the answer to the homeserver's `/users/{userId}`. */
  async isGhost(userId: UserId): Promise<boolean> {
    const row = await this.database.client.participant.findUnique({
      where: { ghostUserId: userId },
      select: { fhirRef: true },
    });
    return row !== null;
  }

  async find(fhirRef: FhirRef): Promise<Participant | undefined> {
    const row = await this.database.client.participant.findUnique({ where: { fhirRef } });
    return row ? toParticipant(row) : undefined;
  }

  /** Of these persons, the ones that the bridge knows. */
  async knownPersons(fhirRefs: readonly FhirRef[]): Promise<ReadonlySet<FhirRef>> {
    if (fhirRefs.length === 0) return new Set();
    const rows = await this.database.client.participant.findMany({
      where: { fhirRef: { in: [...fhirRefs] } },
      select: { fhirRef: true },
    });
    return new Set(rows.map((row) => row.fhirRef as FhirRef));
  }

  /** Everybody who has this account or this ghost: one human can be several RelatedPersons. */
  async withUserId(userId: UserId): Promise<Participant[]> {
    const rows = await this.database.client.participant.findMany({
      where: { OR: [{ accountUserId: userId }, { ghostUserId: userId }] },
      orderBy: { fhirRef: 'asc' },
    });
    return rows.map(toParticipant);
  }

  /** Of these Matrix ids, the ones that belong to somebody the bridge knows, or did before they had another account. */
  async known(userIds: readonly string[]): Promise<ReadonlySet<string>> {
    const within = { in: [...userIds] };
    const rows = await this.database.client.participant.findMany({
      where: {
        OR: [
          { accountUserId: within },
          { ghostUserId: within },
          { formerAccounts: { hasSome: [...userIds] } },
        ],
      },
      select: { accountUserId: true, ghostUserId: true, formerAccounts: true },
    });
    return new Set(
      rows
        .flatMap((row) => [row.ghostUserId, row.accountUserId, ...row.formerAccounts])
        .filter((userId) => userId !== null),
    );
  }

  /**
   * Whether another care team, or a newer version of this one, gives this person their role: of those they belong to,
   * the one that changed last does. Without such a rule, two care teams would take turns in naming a ghost.
   */
  async hasNewerTeam(person: FhirRef, team: { careTeam: FhirRef; versionAt: Date }): Promise<boolean> {
    const { careTeam, versionAt } = team;
    const row = await this.database.client.careTeamMember.findFirst({
      where: {
        person,
        present: true,
        OR: [
          { space: { versionAt: { gt: versionAt } } },
          { careTeam: { gt: careTeam }, space: { versionAt } },
        ],
      },
      select: { careTeam: true },
    });
    return row !== null;
  }

  /**
   * Writes what the resource says; an account that an administrator has given wins. A new person is given an opaque
   * ghost id that is kept for ever. An older version than the written one changes nothing.
   * @param ghost makes a ghost's user id from an opaque string
   * @returns the care teams that have to be applied again for it, which are marked as due: all where account or
   * mapping have changed, one where the name alone has, since a ghost has one name
   */
  async save(person: Person, ghost: (opaque: string) => UserId): Promise<FhirRef[]> {
    const { fhirRef, versionAt, displayName } = person;
    const { roleText = null } = person;
    const mapping = { ...person.mapping };
    return this.database.transaction(async (transaction) => {
      await transaction.participant.createMany({
        data: { fhirRef, ghostUserId: ghost(opaqueId()), displayName, mapping },
        skipDuplicates: true,
      });
      // Locked before anything is read, so that of two at the same time one sees what the other wrote.
      await transaction.$queryRaw`SELECT 1 FROM participant WHERE fhir_ref = ${fhirRef} FOR NO KEY UPDATE`;
      const before = await transaction.participant.findUniqueOrThrow({ where: { fhirRef } });
      if (versionAt && before.versionAt && before.versionAt > versionAt) return [];
      const given = await transaction.accountOverride.findUnique({ where: { fhirRef } });
      const accountUserId = given?.userId ?? person.accountUserId;
      await transaction.participant.update({
        where: { fhirRef },
        data: {
          accountUserId,
          formerAccounts: formerAccounts(before, accountUserId),
          displayName,
          mapping,
          roleText,
          versionAt,
        },
      });
      const moved = before.accountUserId !== accountUserId || !isDeepStrictEqual(before.mapping, mapping);
      if (moved) return markDue(transaction, fhirRef, new Date());
      return before.displayName === displayName ? [] : markDue(transaction, fhirRef, new Date(), 1);
    });
  }

  /** Notes that the homeserver knows the ghost and its device, and what it shows of it. */
  async ghostIsReady(fhirRef: FhirRef, profile: GhostProfile): Promise<void> {
    await this.database.client.participant.update({
      where: { fhirRef },
      data: { ghostReady: true, ...profile },
    });
  }
}

/** Each once, without the present one, which may have been a former one. */
function formerAccounts(before: Row, present: string | null): string[] {
  const all = new Set([...before.formerAccounts, ...(before.accountUserId ? [before.accountUserId] : [])]);
  if (present) all.delete(present);
  return [...all];
}

/** 128 random bits: says nothing of the person, and cannot be guessed from a patient's number. */
export function opaqueId(): string {
  return randomBytes(16).toString('hex');
}
