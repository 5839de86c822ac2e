import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../deploy/local/src/project-root';
import { queryDatabase } from './database';

/** A column as Postgres tells it; null where its type has no such thing. */
export interface Column {
  readonly table_name: string;
  readonly column_name: string;
  readonly data_type: string;
  readonly udt_name: string;
  readonly is_nullable: 'YES' | 'NO';
  readonly column_default: string | null;
  readonly datetime_precision: number | null;
  readonly character_maximum_length: number | null;
}

/** What makes a database's schema, told by Postgres itself: the same rows for the same schema. */
export interface DatabaseShape {
  readonly columns: readonly Column[];
  readonly indexes: readonly { readonly tablename: string; readonly indexdef: string }[];
  readonly constraints: readonly {
    readonly table: string;
    readonly conname: string;
    readonly definition: string;
  }[];
  readonly types: readonly object[];
}

const aspects: Readonly<Record<keyof DatabaseShape, string>> = {
  // Not their order: a migration adds a column at the end, the schema describes it where it belongs.
  columns: `SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default,
      datetime_precision, character_maximum_length
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'
    ORDER BY 1, 2`,
  indexes: `SELECT tablename, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' ORDER BY 1, 2`,
  constraints: `SELECT conrelid::regclass::text AS table, conname, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
      AND conrelid::regclass::text <> '_prisma_migrations' ORDER BY 1, 2`,
  types: `SELECT typname, enumlabel FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid ORDER BY 1, enumsortorder`,
};

/** The schema of a database, without what Prisma keeps of its migrations. */
export async function shapeOf(databaseUrl: string): Promise<DatabaseShape> {
  const rows = Object.entries(aspects).map(
    async ([aspect, query]) => [aspect, await queryDatabase(databaseUrl, query)] as const,
  );
  return Object.fromEntries(await Promise.all(rows)) as unknown as DatabaseShape;
}

/** Makes an empty database what the `schema.prisma` of a folder says. */
export async function applySchema(databaseUrl: string, directory: string): Promise<void> {
  await queryDatabase(databaseUrl, await inEngine('schemaScript', databaseUrl, directory));
}

/** Applies what is missing of the migrations of a folder that holds them beside `schema.prisma`, as `prisma` does. */
export async function applyMigrations(databaseUrl: string, directory: string): Promise<void> {
  await inEngine('applyMigrations', databaseUrl, directory);
}

/** In a process of its own: the schema engine is an ES module, which jest's module system refuses. */
async function inEngine(
  act: 'schemaScript' | 'applyMigrations',
  databaseUrl: string,
  directory: string,
): Promise<string> {
  const program =
    'require(process.argv[1])[process.argv[2]](process.argv[3], process.argv[4]).then((it) => process.stdout.write(String(it), () => process.exit()))';
  const migrations = join(projectRoot(), 'dist/libs/persistence/src/migrations.js');
  const args = ['-e', program, migrations, act, databaseUrl, directory];
  return (await promisify(execFile)(process.execPath, args, { cwd: projectRoot() })).stdout;
}
