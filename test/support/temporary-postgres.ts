import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ManagedProcess } from '../../deploy/local/src/child-process';
import { freePorts } from '../../deploy/local/src/free-port';
import { preparePostgres } from '../../deploy/local/src/postgres';

/** A Postgres of the caller's own, of which nothing is left when it is removed. */
export interface TemporaryPostgres {
  /** Of an empty database. */
  readonly databaseUrl: string;
  readonly process: ManagedProcess;
  readonly logFile: string;
  /** Stops it, and removes all that it kept. */
  remove(): Promise<void>;
}

/** @throws Error with the end of its log when it does not start; nothing is left of it then */
export async function startTemporaryPostgres(): Promise<TemporaryPostgres> {
  const [port = 0] = await freePorts(1);
  const directory = await mkdtemp(join(tmpdir(), 'bridge-postgres-'));
  const logFile = join(directory, 'postgres.log');
  const postgres = await preparePostgres({ port, directory, logFile });
  const { databaseUrl, process } = postgres;
  const remove = async (): Promise<void> => {
    await process.stop();
    await postgres.removeData();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await postgres.start();
  } catch (error) {
    await remove();
    throw error;
  }
  return { databaseUrl, process, logFile, remove };
}
