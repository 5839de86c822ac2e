import { dropDatabase } from '../support/fresh-database';
import { shared } from './global-setup';

export default async function globalTeardown(): Promise<void> {
  if (shared.postgres) await shared.postgres.remove();
  else for (const database of shared.databases) await dropDatabase(database);
}
