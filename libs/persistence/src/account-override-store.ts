import { Injectable } from '@nestjs/common';
import { FhirRef, UserId } from '@bridge/contracts';
import { Database } from './database';

/** Accounts that administrators gave to people; they win over what the resource says. */
@Injectable()
export class AccountOverrideStore {
  constructor(private readonly database: Database) {}

  async find(fhirRef: FhirRef): Promise<UserId | undefined> {
    const row = await this.database.client.accountOverride.findUnique({ where: { fhirRef } });
    return row?.userId as UserId | undefined;
  }

  async set(fhirRef: FhirRef, userId: UserId, setBy: UserId): Promise<void> {
    await this.database.client.accountOverride.upsert({
      where: { fhirRef },
      create: { fhirRef, userId, setBy },
      update: { userId, setBy, setAt: new Date() },
    });
  }

  async remove(fhirRef: FhirRef): Promise<void> {
    await this.database.client.accountOverride.deleteMany({ where: { fhirRef } });
  }
}
