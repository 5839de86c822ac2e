import { join } from 'node:path';
import { migrate } from '../deploy/local/src/migrate';
import { projectRoot } from '../deploy/local/src/project-root';
import { queryDatabase } from './support/database';
import { applySchema, type DatabaseShape, shapeOf } from './support/database-shape';
import { createDatabase, dropDatabase, emptyDatabase } from './support/fresh-database';

const aspects = ['columns', 'indexes', 'constraints', 'types'] as const;

let migrated: string;
let made: DatabaseShape;
let wanted: DatabaseShape;

beforeAll(async () => {
  migrated = await createDatabase();
  made = await shapeOf(migrated);
  const described = await emptyDatabase();
  await applySchema(described, join(projectRoot(), 'prisma'));
  wanted = await shapeOf(described);
  await dropDatabase(described);
}, 60_000);

afterAll(() => dropDatabase(migrated), 30_000);

describe('all migrations together', () => {
  it.each(aspects)('make the same %s as schema.prisma describes', (aspect) => {
    expect(made[aspect]).toEqual(wanted[aspect]);
    // The schema has no enumerations; of everything else there is some.
    expect(wanted[aspect].length > 0).toBe(aspect !== 'types');
  });

  it('make the tables that the bridge needs', async () => {
    const rows = await queryDatabase<{ name: string }>(
      migrated,
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
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
      'federation_list',
      'handled_event',
      'invite_contact',
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

  it('change nothing when they are applied again, and keep nobody waiting then', async () => {
    const count = () => queryDatabase(migrated, 'SELECT * FROM _prisma_migrations');
    const before = await count();
    const from = performance.now();
    await migrate(migrated);
    // Well below the ten seconds for which the engine's lock and its timer would hold up the next one.
    expect(performance.now() - from).toBeLessThan(8_000);
    expect(await count()).toEqual(before);
  }, 60_000);
});
