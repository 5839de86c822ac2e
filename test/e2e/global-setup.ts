import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../deploy/local/src/free-port';
import { migrate } from '../../deploy/local/src/migrate';
import { type Postgres, preparePostgres } from '../../deploy/local/src/postgres';

/** Handed from the setup to the teardown, which both run in jest's own process. */
export const shared: { postgres?: Postgres } = {};

/** One migrated database for the tests that need no more than that: TEST_DATABASE_URL. */
export default async function globalSetup(): Promise<void> {
  process.env.TEST_DATABASE_URL = process.env.DATABASE_URL ?? (await ownPostgres());
  await migrate(process.env.TEST_DATABASE_URL);
}

async function ownPostgres(): Promise<string> {
  const [port] = (await freePorts(1)) as [number];
  const directory = await mkdtemp(join(tmpdir(), 'bridge-e2e-'));
  shared.postgres = await preparePostgres({ port, directory, logFile: join(directory, 'postgres.log') });
  await shared.postgres.start();
  return shared.postgres.databaseUrl;
}
