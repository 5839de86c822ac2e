import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../deploy/local/src/migrate';
import { projectRoot } from '../deploy/local/src/project-root';
import { queryDatabase } from './support/database';
import { applyMigrations, applySchema, type DatabaseShape, shapeOf } from './support/database-shape';
import { copyTemplate, createDatabase, dropDatabase, emptyDatabase } from './support/fresh-database';
import { breaksBetween } from './support/schema-breaks';
import { SchemaClient } from './support/schema-client';

/*
 * A new version's migrations are applied while the version before still runs, and both run side by side until the last
 * process is restarted. `prisma/compatibility/previous.prisma` is the schema of the version before: whoever releases puts
 * today's in its place (docs/failures.md).
 */

const prisma = join(projectRoot(), 'prisma');
const previousSchema = join(prisma, 'compatibility/previous.prisma');
const databases: string[] = [];

/** A folder with the previous schema and the migrations that it names as its own. */
let previousFolder: string;
let previous: DatabaseShape;
let migrated: string;
let present: DatabaseShape;

/** A database that goes with the others at the end. */
async function kept(made: Promise<string>): Promise<string> {
  const url = await made;
  databases.push(url);
  return url;
}

beforeAll(async () => {
  previousFolder = await mkdtemp(join(tmpdir(), 'bridge-previous-'));
  const schema = await readFile(previousSchema, 'utf8');
  const newest = /^\/\/ Newest migration: (\S+)$/m.exec(schema)?.[1];
  const names = await readdir(join(prisma, 'migrations'));
  if (!newest || !names.includes(newest)) throw new Error(`${previousSchema} names none of the migrations`);
  await cp(previousSchema, join(previousFolder, 'schema.prisma'));
  await cp(join(prisma, 'migrations'), join(previousFolder, 'migrations'), { recursive: true });
  for (const later of names.filter((name) => /^\d/.test(name) && name > newest))
    await rm(join(previousFolder, 'migrations', later), { recursive: true });

  const described = await kept(emptyDatabase());
  await applySchema(described, previousFolder);
  previous = await shapeOf(described);
  migrated = await kept(createDatabase());
  present = await shapeOf(migrated);
}, 60_000);

afterAll(async () => {
  await Promise.all(databases.map((url) => dropDatabase(url)));
  await rm(previousFolder, { recursive: true, force: true });
}, 30_000);

it('the schema that is kept as the previous one is what its migrations make', async () => {
  const url = await kept(emptyDatabase());
  await applyMigrations(url, previousFolder);
  expect(await shapeOf(url)).toEqual(previous);
}, 30_000);

it('all that the version before reads and writes is there after the newest migrations', () => {
  expect(breaksBetween(previous, present)).toEqual([]);
});

describe('the comparison sees', () => {
  let url: string;

  beforeAll(async () => {
    url = await kept(copyTemplate(migrated, 'broken'));
  }, 30_000);

  it.each([
    ['a table that is gone', 'DROP TABLE room_checkpoint', /room_checkpoint\.room_id is gone/],
    ['a column that is gone', 'ALTER TABLE participant DROP COLUMN role_text', /role_text is gone/],
    ['a new name', 'ALTER TABLE direct_chat RENAME COLUMN user_id TO person', /user_id is gone/],
    ['another type', 'ALTER TABLE audit_log ALTER sequence TYPE integer', /sequence is of another type/],
    [
      'less precise times',
      'ALTER TABLE audit_outbox ALTER due_at TYPE timestamptz(0)',
      /due_at is of another/,
    ],
    [
      'a new column that has to be written',
      'ALTER TABLE told_once ADD x text NOT NULL',
      /told_once\.x is new/,
    ],
    [
      'a column that may not be empty any more',
      'ALTER TABLE care_team_space ALTER subject SET NOT NULL',
      /subject may be empty: NO/,
    ],
    [
      'a column that may be empty now',
      'ALTER TABLE care_team_space ALTER open DROP NOT NULL',
      /open may be empty: YES/,
    ],
    [
      'a default that is gone',
      'ALTER TABLE handled_event ALTER handled_at DROP DEFAULT',
      /handled_at has no default/,
    ],
    [
      'a new rule for what is written',
      "ALTER TABLE user_preference ADD CHECK (language <> '')",
      /new: user_preference: CHECK/,
    ],
    [
      'rows that may be there once only',
      'CREATE UNIQUE INDEX ON reaction_link (fhir_ref)',
      /new: CREATE UNIQUE INDEX/,
    ],
    [
      'rows that may be there twice',
      'DROP INDEX message_link_event_id_key',
      /gone: CREATE UNIQUE INDEX message_link_event_id_key/,
    ],
  ])('%s', async (_, statement, told) => {
    await queryDatabase(url, statement);
    expect(breaksBetween(present, await shapeOf(url)).join('\n')).toMatch(told);
  });

  it('nothing in what the version before need not know', async () => {
    const extended = await kept(copyTemplate(migrated, 'extended'));
    await queryDatabase(extended, 'CREATE TABLE fresh (id text PRIMARY KEY)');
    await queryDatabase(extended, "ALTER TABLE told_once ADD x text, ADD y text NOT NULL DEFAULT ''");
    await queryDatabase(extended, 'CREATE INDEX ON told_once (x)');
    expect(breaksBetween(present, await shapeOf(extended))).toEqual([]);
  }, 30_000);
});

describe('the clients of both versions', () => {
  const clients: SchemaClient[] = [];

  afterAll(() => Promise.all(clients.map((client) => client.close())));

  it('read and write every table side by side, before, during and after the migration', async () => {
    const url = await kept(emptyDatabase());
    await applyMigrations(url, previousFolder);
    const older = await SchemaClient.open(previousSchema, url, previous);
    clients.push(older);
    await older.write('before');

    await migrate(url);
    const newer = await SchemaClient.open(join(prisma, 'schema.prisma'), url, present);
    clients.push(newer);
    await older.write('older');
    await newer.write('newer');
    for (const name of ['before', 'older', 'newer']) {
      expect(await older.read(name)).toEqual(older.written(name));
      expect(await newer.read(name)).toMatchObject(older.written(name));
    }
    const models = Object.keys(older.written('before')).length;
    expect(models).toBeGreaterThan(0);
    expect(await older.writeAgain('newer')).toBe(models);
    expect(await newer.read('newer')).toEqual(newer.written('newer'));
    expect(await newer.writeAgain('older')).toBe(models);
    expect(await older.read('older')).toEqual(older.written('older'));
    expect(await older.remove('newer')).toBe(models);
    expect(await newer.remove('older')).toBe(models);
  }, 120_000);
});
