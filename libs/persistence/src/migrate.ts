import path from 'node:path';
import { runMain } from '@bridge/platform';
import { applyMigrations } from './migrations';

runMain(
  {
    app: 'migrate',
    purpose: 'applies the database migrations that are missing; to be run before a new version starts',
    sections: ['postgres'],
  },
  async ({ postgres }) => {
    const applied = await applyMigrations(postgres.url, path.resolve('prisma'));
    console.log(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
    // The engine's timer, for how long it would have waited for its lock, runs on for ten seconds.
    process.exit();
  },
);
