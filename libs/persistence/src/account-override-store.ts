import { Injectable } from '@nestjs/common';
import { FhirRef, UserId } from '@bridge/contracts';
import { Database } from './database';
import { markDue } from './mark-due';

/** Accounts that administrators have given to people. They win over what the person's resource says. */
@Injectable()
export class AccountOverrideStore {
  constructor(private readonly database: Database) {}

  /**
   * Gives a person this account. Their care teams are applied again within `fhir.dueIntervalMs`, and the account
   * is in their Spaces and Rooms then.
   * @param setBy the administrator
   */
  async set(fhirRef: FhirRef, userId: UserId, setBy: UserId): Promise<void> {
    await this.database.transaction(async (transaction) => {
      const account = { userId, setBy, setAt: new Date() };
      await transaction.accountOverride.upsert({
        where: { fhirRef },
        create: { fhirRef, ...account },
        update: account,
      });
      await markDue(transaction, fhirRef, new Date());
    });
  }

  /**
   * From now on the account in the person's resource counts again.
   * @returns whether they had been given one
   */
  async remove(fhirRef: FhirRef): Promise<boolean> {
    return this.database.transaction(async (transaction) => {
      const { count } = await transaction.accountOverride.deleteMany({ where: { fhirRef } });
      await markDue(transaction, fhirRef, new Date());
      return count > 0;
    });
  }
}
