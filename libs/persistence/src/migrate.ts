import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runMain } from '@bridge/platform';
import { applyMigrations, migrationDrift } from './migrations';

/**
 * `migrate deploy` applies what is missing · `migrate check` exits 1 when schema and migrations differ ·
 * `migrate new <name>` writes the difference as a new migration.
 */
runMain(
  {
    app: 'migrate',
    purpose: 'Brings the database to the schema of this version: deploy | check | new <name>',
    sections: ['postgres'],
  },
  async ({ postgres }) => {
    const directory = path.resolve('prisma');
    const [command = 'deploy', name] = process.argv.slice(2);
    if (command === 'deploy') {
      const applied = await applyMigrations(postgres.url, directory);
      console.log(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
      return;
    }
    const drift = await migrationDrift(postgres.url, directory);
    if (command === 'check') {
      console.log(drift || 'Schema and migrations agree.');
      if (drift) process.exitCode = 1;
      return;
    }
    if (command !== 'new' || !name)
      throw new Error('Use: migrate deploy | migrate check | migrate new <name>');
    const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const folder = path.join(directory, 'migrations', `${stamp}_${name}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'migration.sql'), drift);
    console.log(`Wrote ${path.relative(process.cwd(), folder)}/migration.sql`);
  },
);
