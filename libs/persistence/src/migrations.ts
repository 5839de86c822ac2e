import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { openSchemaEngine } from './schema-engine';

const filters = { externalTables: [], externalEnums: [] };

/** The migrations could not be applied; the message is the engine's own. */
export class MigrationError extends Error {}

/**
 * Applies what is missing of `prisma/migrations`, in order. Safe to run from several places at once.
 * @param directory the folder `prisma`
 * @returns the names applied now; empty when the database is up to date
 * @throws MigrationError with the engine's words, e.g. when an earlier migration failed half-way
 */
export async function applyMigrations(databaseUrl: string, directory: string): Promise<string[]> {
  return withEngine(databaseUrl, directory, async (engine) => {
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: migrationsIn(directory),
      filters,
    });
    return appliedMigrationNames;
  });
}

/**
 * What is missing in `prisma/migrations` to arrive at `prisma/schema.prisma`.
 * @returns the SQL of the difference, empty when there is none
 */
export async function migrationDrift(databaseUrl: string, directory: string): Promise<string> {
  return withEngine(databaseUrl, directory, async (engine) => {
    const { stdout, exitCode } = await engine.diff({
      from: { tag: 'migrations', ...migrationsIn(directory) },
      to: { tag: 'schemaDatamodel', files: [{ path: schemaPath(directory), content: schemaOf(directory) }] },
      script: true,
      exitCode: true,
      filters,
    });
    return exitCode === 0 ? '' : (stdout ?? '');
  });
}

async function withEngine<T>(
  databaseUrl: string,
  directory: string,
  use: (engine: Awaited<ReturnType<typeof openSchemaEngine>>) => Promise<T>,
): Promise<T> {
  const engine = await openSchemaEngine(databaseUrl, [schemaPath(directory), schemaOf(directory)]);
  try {
    return await use(engine);
  } catch (error) {
    throw new MigrationError(error instanceof Error ? error.message : String(error), { cause: error });
  } finally {
    engine.free();
  }
}

function schemaPath(directory: string): string {
  return path.resolve(directory, 'schema.prisma');
}

function schemaOf(directory: string): string {
  return readFileSync(schemaPath(directory), 'utf8');
}

function migrationsIn(directory: string) {
  const baseDir = path.resolve(directory, 'migrations');
  const lockfile = path.join(baseDir, 'migration_lock.toml');
  const names = readdirSync(baseDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(baseDir, entry.name, 'migration.sql')))
    .map((entry) => entry.name)
    .sort();
  return {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: readFileSync(lockfile, 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: names.map((name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: {
          tag: 'ok' as const,
          value: readFileSync(path.join(baseDir, name, 'migration.sql'), 'utf8'),
        },
      },
    })),
  };
}
