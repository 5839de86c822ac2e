import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../deploy/local/src/free-port';
import { migrate } from '../../deploy/local/src/migrate';
import { type Postgres, preparePostgres } from '../../deploy/local/src/postgres';
import { queryDatabase } from '../support/database';
import { copyTemplate, onDatabase } from '../support/fresh-database';

/** Handed from the setup to the teardown, which both run in jest's own process. */
export const shared: { postgres?: Postgres; readonly databases: string[] } = { databases: [] };

/**
 * The databases of the tests that need no server but Postgres: a migrated one that is only copied
 * (TEST_DATABASE_TEMPLATE), and a copy for each of jest's workers, as files that run side by side empty the same tables.
 */
export default async function globalSetup({ maxWorkers }: { maxWorkers: number }): Promise<void> {
  const server = process.env.DATABASE_URL ?? (await ownPostgres());
  const name = `bridge_test_${randomBytes(4).toString('hex')}`;
  await queryDatabase(server, `CREATE DATABASE ${name}`);
  const template = onDatabase(server, name);
  shared.databases.push(template);
  await migrate(template);
  for (let worker = 1; worker <= maxWorkers; worker += 1)
    shared.databases.push(await copyTemplate(template, String(worker)));
  process.env.TEST_DATABASE_TEMPLATE = template;
}

async function ownPostgres(): Promise<string> {
  const [port] = (await freePorts(1)) as [number];
  const directory = await mkdtemp(join(tmpdir(), 'bridge-e2e-'));
  shared.postgres = await preparePostgres({ port, directory, logFile: join(directory, 'postgres.log') });
  await shared.postgres.start();
  return shared.postgres.databaseUrl;
}
