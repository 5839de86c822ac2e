import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from './project-root';

/**
 * Applies `prisma/migrations` as a deployment does: with the `migrate` program, before the bridge starts.
 * @throws Error with the program's words
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const program = join(projectRoot(), 'dist/libs/persistence/src/migrate.js');
  const env = { PATH: process.env.PATH ?? '', DATABASE_URL: databaseUrl };
  try {
    await promisify(execFile)(process.execPath, [program], { cwd: projectRoot(), env });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`The database could not be migrated: ${stderr || String(error)}`, { cause: error });
  }
}
