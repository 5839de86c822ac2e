import { Injectable } from '@nestjs/common';
import { UserId } from '@bridge/contracts';
import { Database } from './database';
import { isUniqueViolation } from './is-unique-violation';

/** Somebody whom somebody else has approved to invite them. */
export interface InviteContact {
  readonly owner: UserId;
  readonly approved: UserId;
  readonly displayName: string;
  readonly start: Date;
  /** Not set: no end. */
  readonly end?: Date;
}

interface Row {
  owner: string;
  approved: string;
  displayName: string;
  inviteStart: Date;
  inviteEnd: Date | null;
}

/** Whom people have approved to invite them. */
@Injectable()
export class InviteContactStore {
  constructor(private readonly database: Database) {}

  async list(owner: UserId): Promise<InviteContact[]> {
    const rows = await this.database.client.inviteContact.findMany({
      where: { owner },
      orderBy: { approved: 'asc' },
    });
    return rows.map(contactOf);
  }

  async find(owner: UserId, approved: UserId): Promise<InviteContact | undefined> {
    const row = await this.database.client.inviteContact.findUnique({
      where: { owner_approved: { owner, approved } },
    });
    return row ? contactOf(row) : undefined;
  }

  /** @returns whether it was added; false where it was there already */
  async add(contact: InviteContact): Promise<boolean> {
    try {
      await this.database.client.inviteContact.create({ data: rowOf(contact) });
      return true;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }

  /** @returns whether it was there */
  async change(contact: InviteContact): Promise<boolean> {
    const { owner, approved, ...data } = rowOf(contact);
    const { count } = await this.database.client.inviteContact.updateMany({
      where: { owner, approved },
      data,
    });
    return count > 0;
  }

  /** @returns whether it was there */
  async remove(owner: UserId, approved: UserId): Promise<boolean> {
    const { count } = await this.database.client.inviteContact.deleteMany({ where: { owner, approved } });
    return count > 0;
  }

  /** Removes those whose end is over. @returns how many */
  async removeEnded(now: Date): Promise<number> {
    const { count } = await this.database.client.inviteContact.deleteMany({
      where: { inviteEnd: { lt: now } },
    });
    return count;
  }
}

function contactOf({ owner, approved, displayName, inviteStart, inviteEnd }: Row): InviteContact {
  return {
    owner: UserId.parse(owner),
    approved: UserId.parse(approved),
    displayName,
    start: inviteStart,
    end: inviteEnd ?? undefined,
  };
}

function rowOf({ owner, approved, displayName, start, end }: InviteContact): Row {
  return { owner, approved, displayName, inviteStart: start, inviteEnd: end ?? null };
}
