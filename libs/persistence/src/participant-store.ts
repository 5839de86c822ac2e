import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { FhirRef, UserId, UserMapping } from '@bridge/contracts';
import { Database } from './database';
import type { Participant as Row } from './generated/client';

/** A person as FHIR knows them, and how Matrix knows them. */
export interface Participant {
  readonly fhirRef: FhirRef;
  readonly accountUserId: UserId | null;
  readonly ghostUserId: UserId;
  readonly ghostReady: boolean;
  readonly displayName: string;
  readonly ghostName: string | null;
  readonly mapping: UserMapping;
}

/** What a person's resource says of them. */
export type Person = Pick<Participant, 'fhirRef' | 'accountUserId' | 'displayName' | 'mapping'>;

export function toParticipant(row: Row): Participant {
  return {
    fhirRef: row.fhirRef as FhirRef,
    accountUserId: row.accountUserId as UserId | null,
    ghostUserId: row.ghostUserId as UserId,
    ghostReady: row.ghostReady,
    displayName: row.displayName,
    ghostName: row.ghostName,
    mapping: row.mapping as unknown as UserMapping,
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

  /** Everybody who has this account or this ghost: one human can be several RelatedPersons. */
  async withUserId(userId: UserId): Promise<Participant[]> {
    const rows = await this.database.client.participant.findMany({
      where: { OR: [{ accountUserId: userId }, { ghostUserId: userId }] },
      orderBy: { fhirRef: 'asc' },
    });
    return rows.map(toParticipant);
  }

  /** Of these Matrix ids, the ones that belong to somebody the bridge knows. */
  async known(userIds: readonly string[]): Promise<ReadonlySet<string>> {
    const within = { in: [...userIds] };
    const rows = await this.database.client.participant.findMany({
      where: { OR: [{ accountUserId: within }, { ghostUserId: within }] },
      select: { accountUserId: true, ghostUserId: true },
    });
    return new Set(
      rows.flatMap((row) => [row.ghostUserId, ...(row.accountUserId ? [row.accountUserId] : [])]),
    );
  }

  /**
   * Writes what the resource says. A new person is given an opaque ghost id that is kept for ever.
   * @param ghost makes a ghost's user id from an opaque string
   */
  async save(person: Person, ghost: (opaque: string) => UserId): Promise<void> {
    const facts = {
      accountUserId: person.accountUserId,
      displayName: person.displayName,
      mapping: { ...person.mapping },
    };
    await this.database.client.participant.upsert({
      where: { fhirRef: person.fhirRef },
      create: { fhirRef: person.fhirRef, ghostUserId: ghost(opaqueId()), ...facts },
      update: facts,
    });
  }

  /** Notes that the homeserver knows the ghost, its device and its display name. */
  async ghostIsReady(fhirRef: FhirRef, ghostName: string): Promise<void> {
    await this.database.client.participant.update({
      where: { fhirRef },
      data: { ghostReady: true, ghostName },
    });
  }
}

/** 128 random bits: says nothing of the person, and cannot be guessed from a patient's number. */
export function opaqueId(): string {
  return randomBytes(16).toString('hex');
}
