import { dropDatabase } from '../support/fresh-database';
import { shared } from './global-setup';

export default async function globalTeardown(): Promise<void> {
  if (!shared.postgres) {
    for (const database of shared.databases) await dropDatabase(database);
    return;
  }
  await shared.postgres.process.stop();
  await shared.postgres.removeData();
}
