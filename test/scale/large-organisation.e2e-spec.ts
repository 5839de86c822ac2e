import { readFileSync } from 'node:fs';
import { EventId, RoomId, UserId } from '@bridge/contracts';
import {
  CareTeamStore,
  ConversationStore,
  DeletedPersonStore,
  MessageLinkStore,
  ParticipantStore,
  RoomMembershipStore,
} from '@bridge/persistence';
import type { TestingModule } from '@nestjs/testing';
import { queryDatabase } from '../support/database';
import { openStores } from '../support/stores';
import { startTemporaryPostgres, type TemporaryPostgres } from '../support/temporary-postgres';
import { made } from './organisation';
import {
  type ExplainedStatement,
  explainAll,
  explainedIn,
  rowsRead,
  tablesReadWhole,
} from './plans/explained-statements';
import { bridgedAtOnce, WorkingOrganisation } from './working-organisation';

/* What the workers ask of the database of an organisation with 100,000 conversations, by the plans that were executed. */

const conversations = 100_000;
const size = { conversations, crowd: { members: 500, messages: 10_000 } };
/** A table with more rows is never read as a whole. */
const largeTableRows = 5_000;
/** A message goes over its own rows and those of its people, however much else there is. */
const rowsOfMessage = 30;

let postgres: TemporaryPostgres;
let organisation: WorkingOrganisation;
let nest: TestingModule;
let largeTables: string[];

beforeAll(async () => {
  postgres = await startTemporaryPostgres();
  for (const statement of explainAll) await queryDatabase(postgres.databaseUrl, statement);
  organisation = await WorkingOrganisation.start(postgres.databaseUrl, size);
  nest = await openStores(postgres.databaseUrl);
  const large = 'SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND reltuples > $2';
  const rows = await queryDatabase<{ relname: string }>(postgres.databaseUrl, large, [
    'public',
    largeTableRows,
  ]);
  largeTables = rows.map(({ relname }) => relname);
}, 180_000);

afterAll(async () => {
  await nest?.close();
  await organisation?.stop();
  await postgres?.remove();
}, 30_000);

/** All over the organisation. */
const spread = Array.from({ length: 20 }, (_, index) => 1 + (index * conversations) / 20);

/** What was asked of the database while something was done. */
async function statementsOf(work: () => Promise<unknown>): Promise<ExplainedStatement[]> {
  const { length } = readFileSync(postgres.logFile);
  await work();
  return explainedIn(readFileSync(postgres.logFile).subarray(length).toString()).filter(
    ({ text }) => !isTimed(text),
  );
}

/** The audit's queue is as long as its server is behind; which Rooms are due is asked once in half a minute. */
function isTimed(text: string): boolean {
  return /^(SELECT|UPDATE|DELETE).*audit_outbox/.test(text) || text.includes('INSERT INTO room_checkpoint');
}

/** The statements that go over more than their own rows. */
function wide(statements: readonly ExplainedStatement[]): string[] {
  return statements
    .filter(({ plan }) => {
      const isWhole = tablesReadWhole(plan).some((table) => largeTables.includes(table));
      return isWhole || rowsRead(plan) > rowsOfMessage;
    })
    .map(({ text }) => text);
}

it('fills the tables that a message is looked up in', () => {
  expect(largeTables).toEqual(
    expect.arrayContaining([
      'conversation_room',
      'care_team_space',
      'care_team_member',
      'participant',
      'message_link',
    ]),
  );
});

it('finds all of a message among 100,000 conversations by an index', async () => {
  const statements = await statementsOf(() => organisation.bridge(spread));
  // Fewer would mean that the workers ask what is not looked at here.
  expect(statements.length).toBeGreaterThan(10 * spread.length);
  expect(wide(statements)).toEqual([]);
}, 120_000);

it('asks as much for a message among 10,000 others and 500 members as for one of few, and reads no more', async () => {
  const few = await statementsOf(() => organisation.bridge([1]));
  const many = await statementsOf(() => organisation.bridge([made.crowd]));
  expect(perMessage(many)).toEqual(perMessage(few));
  expect(wide(many)).toEqual([]);
}, 120_000);

/** What is asked for every message, and how often: what timers ask in the meantime comes less often. */
function perMessage(statements: readonly ExplainedStatement[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { text } of statements) {
    // One statement, however many names it looks for.
    const kind = text.replace(/\$\d+/g, '$').replace(/\$(,\$)+/g, '$');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const each = [...counts].map(([text, count]) => [text, Math.floor(count / bridgedAtOnce)] as const);
  return new Map(each.filter(([, count]) => count > 0));
}

const stranger = UserId.parse('@stranger:elsewhere.example');
const unknownRoom = RoomId.parse('!direct-chat:care.example');
const person = made.relative(conversations / 2);
const team = made.careTeam(conversations / 2);

/** What is asked for other messages than those that are bridged. */
const questions: Record<string, () => Promise<unknown>> = {
  'the conversation of a Room that is none': () => nest.get(ConversationStore).ofRoom(unknownRoom),
  'the care team of a Space that is none': () => nest.get(CareTeamStore).ofFormerSpace(unknownRoom),
  'whether somebody who comes is known': () => nest.get(ParticipantStore).known([stranger]),
  'the Rooms in a Space': () => nest.get(ConversationStore).roomsIn(team),
  'the conversations of a care team': () => nest.get(ConversationStore).involving(team),
  'the conversations of a person without a team': () => nest.get(ConversationStore).withoutTeamOf(person),
  'who is asked again when a care team changes': () => nest.get(RoomMembershipStore).askAgain(team),
  'the care teams of a person who is deleted': () => nest.get(DeletedPersonStore).deleted(person, new Date()),
  'the care teams of a person who is there again': () =>
    nest.get(DeletedPersonStore).restored(person, new Date(Date.now() + 1)),
  'whether a message of a long conversation is on its way': () =>
    nest.get(MessageLinkStore).hasUnsent(made.conversation(made.crowd)),
  'the latest message of a long conversation': () =>
    nest.get(MessageLinkStore).latestOf(made.conversation(made.crowd)),
  'the record of an event': () => nest.get(MessageLinkStore).ofEvent(EventId.parse('$c1-1')),
};

it.each(Object.entries(questions))('finds by an index: %s', async (_what, ask) => {
  const statements = await statementsOf(ask);
  expect(statements.length).toBeGreaterThan(0);
  expect(wide(statements)).toEqual([]);
});
