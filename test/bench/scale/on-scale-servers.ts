import { migrate } from '../../../deploy/local/src/migrate';
import { fillDatabase, type OrganisationSize } from '../../scale/organisation';
import { ScaleServers } from '../../scale/scale-servers';
import { startTemporaryPostgres } from '../../support/temporary-postgres';

/**
 * Runs with servers that answer after a fixed time, and an organisation of this size in a Postgres of its own.
 * @param signal aborting it stops the servers at once, and so the run
 */
export async function onScaleServers<T>(
  { size, answerMs, signal }: { size: OrganisationSize; answerMs: number; signal: AbortSignal },
  run: (servers: ScaleServers) => Promise<T>,
): Promise<T> {
  return onPostgres(signal, async (databaseUrl) => {
    await migrate(databaseUrl);
    await fillDatabase(databaseUrl, size);
    const servers = await ScaleServers.start({ databaseUrl, answerMs });
    return untilOver(
      signal,
      () => servers.stop(),
      async () => {
        await servers.makeStreams();
        return run(servers);
      },
    );
  });
}

/** Runs with the empty database of a Postgres of its own. @param signal aborting it stops the server at once */
export async function onPostgres<T>(
  signal: AbortSignal,
  run: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  const postgres = await startTemporaryPostgres();
  return untilOver(
    signal,
    () => postgres.remove(),
    () => run(postgres.databaseUrl),
  );
}

/** Runs, and stops once: at the end, or as soon as the signal is aborted. */
async function untilOver<T>(
  signal: AbortSignal,
  stop: () => Promise<void>,
  run: () => Promise<T>,
): Promise<T> {
  let stopped: Promise<void> | undefined;
  const stopOnce = (): Promise<void> => (stopped ??= stop());
  const interrupt = (): void => void stopOnce();
  signal.addEventListener('abort', interrupt);
  try {
    signal.throwIfAborted();
    return await run();
  } finally {
    signal.removeEventListener('abort', interrupt);
    await stopOnce();
  }
}
