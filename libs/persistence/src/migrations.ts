import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Pool } from 'pg';
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

/** The SQL that makes an empty database what `prisma/schema.prisma` says: what all migrations together must amount to. */
export async function schemaScript(databaseUrl: string, directory: string): Promise<string> {
  return withEngine(databaseUrl, directory, async (engine) => {
    const files = [{ path: schemaPath(directory), content: schemaOf(directory) }];
    const { stdout } = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters,
    });
    return stdout ?? '';
  });
}

async function withEngine<T>(
  databaseUrl: string,
  directory: string,
  use: (engine: Awaited<ReturnType<typeof openSchemaEngine>>) => Promise<T>,
): Promise<T> {
  const pool = new Pool({ connectionString: databaseUrl });
  try {
    const engine = await openSchemaEngine(pool, [schemaPath(directory), schemaOf(directory)]);
    try {
      return await use(engine);
    } catch (error) {
      throw new MigrationError(error instanceof Error ? error.message : String(error), { cause: error });
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
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
