import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { migrate } from '../deploy/local/src/migrate';
import { projectRoot } from '../deploy/local/src/project-root';

const names = ['migrated', 'described'].map((word) => `bridge_${word}_${randomBytes(6).toString('hex')}`);
const [migrated, described] = names as [string, string];

/** What two databases must have in common, told by Postgres itself. One row for each line, the same for the same schema. */
const aspects = {
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

function urlOf(database: string): string {
  const url = new URL(process.env.TEST_DATABASE_URL!);
  url.pathname = `/${database}`;
  return url.href;
}

async function inDatabase<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** In a process of its own: the schema engine is an ES module, which jest's module system refuses. */
async function schemaScript(databaseUrl: string): Promise<string> {
  const program =
    'require(process.argv[1]).schemaScript(process.argv[2], process.argv[3]).then((sql) => process.stdout.write(sql))';
  const migrations = join(projectRoot(), 'dist/libs/persistence/src/migrations.js');
  const args = ['-e', program, migrations, databaseUrl, join(projectRoot(), 'prisma')];
  return (await promisify(execFile)(process.execPath, args, { cwd: projectRoot() })).stdout;
}

beforeAll(async () => {
  await inDatabase(process.env.TEST_DATABASE_URL!, async (client) => {
    for (const name of names) await client.query(`CREATE DATABASE ${name}`);
  });
  await migrate(urlOf(migrated));
  const script = await schemaScript(urlOf(described));
  await inDatabase(urlOf(described), (client) => client.query(script));
}, 60_000);

afterAll(async () => {
  await inDatabase(process.env.TEST_DATABASE_URL!, async (client) => {
    for (const name of names) await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
}, 30_000);

describe('all migrations together', () => {
  it.each(Object.entries(aspects))('make the same %s as schema.prisma describes', async (aspect, query) => {
    const [made, wanted] = await Promise.all(
      [migrated, described].map((name) =>
        inDatabase(urlOf(name), async (client) => (await client.query<object>(query)).rows),
      ),
    );
    expect(made).toEqual(wanted);
    // The schema has no enumerations; of everything else there is some.
    expect(wanted!.length > 0).toBe(aspect !== 'types');
  });

  it('make the tables that the bridge needs', async () => {
    const { rows } = await inDatabase(urlOf(migrated), (client) =>
      client.query<{ name: string }>(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
      ),
    );
    expect(rows.map(({ name }) => name)).toEqual([
      '_prisma_migrations',
      'account_override',
      'audit_chain',
      'audit_log',
      'audit_outbox',
      'care_team_member',
      'care_team_space',
      'conversation_room',
      'delivery_mark',
      'direct_chat',
      'handled_event',
      'message_link',
      'nested_care_team',
      'notification_cursor',
      'parked_conversation',
      'participant',
      'reaction_link',
      'room_checkpoint',
      'room_membership',
      'subscription_state',
      'told_once',
      'user_preference',
    ]);
  });

  it('change nothing when they are applied again', async () => {
    const count = () =>
      inDatabase(
        urlOf(migrated),
        async (client) => (await client.query<object>('SELECT * FROM _prisma_migrations')).rows,
      );
    const before = await count();
    await migrate(urlOf(migrated));
    expect(await count()).toEqual(before);
  }, 60_000);
});
