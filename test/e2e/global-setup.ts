import { migrate } from '../../deploy/local/src/migrate';
import { copyTemplate, emptyDatabase } from '../support/fresh-database';
import { startTemporaryPostgres, type TemporaryPostgres } from '../support/temporary-postgres';

/** Handed from the setup to the teardown, which both run in jest's own process. */
export const shared: { postgres?: TemporaryPostgres; readonly databases: string[] } = { databases: [] };

/**
 * The databases of the tests that need no server but Postgres: a migrated one that is only copied
 * (TEST_DATABASE_TEMPLATE), and a copy for each of jest's workers, as files that run side by side empty the same tables.
 */
export default async function globalSetup({ maxWorkers }: { maxWorkers: number }): Promise<void> {
  const server = process.env.DATABASE_URL ?? (await ownPostgres());
  const template = await emptyDatabase(server);
  shared.databases.push(template);
  await migrate(template);
  for (let worker = 1; worker <= maxWorkers; worker += 1)
    shared.databases.push(await copyTemplate(template, String(worker)));
  process.env.TEST_DATABASE_TEMPLATE = template;
}

async function ownPostgres(): Promise<string> {
  shared.postgres = await startTemporaryPostgres();
  return shared.postgres.databaseUrl;
}
