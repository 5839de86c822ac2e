import { Injectable } from '@nestjs/common';
import { Database } from './database';

const NAME = 'federation';

/** The newest federation list that was seen, as it was signed. */
@Injectable()
export class FederationListStore {
  constructor(private readonly database: Database) {}

  async load(): Promise<{ jws: string; confirmedAt: Date } | undefined> {
    const row = await this.database.client.federationList.findUnique({ where: { name: NAME } });
    return row ? { jws: row.jws, confirmedAt: row.confirmedAt } : undefined;
  }

  async save({ jws, confirmedAt }: { jws: string; confirmedAt: Date }): Promise<void> {
    await this.database.client.federationList.upsert({
      where: { name: NAME },
      create: { name: NAME, jws, confirmedAt },
      update: { jws, confirmedAt },
    });
  }
}
