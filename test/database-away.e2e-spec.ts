import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { inspect } from 'node:util';
import { NeedsPersonError, TransientError } from '@bridge/contracts';
import { AuditOutboxStore, ParkedConversationStore } from '@bridge/persistence';
import type { TestingModule } from '@nestjs/testing';
import { migrate } from '../deploy/local/src/migrate';
import { queryDatabase } from './support/database';
import { SmallDisk } from './support/small-disk';
import { openStores } from './support/stores';
import { startTemporaryPostgres, type TemporaryPostgres } from './support/temporary-postgres';
import { until } from './support/until';

/* What a worker is told when its database is not there, or full: that the message has to wait, whatever the query was. */

let postgres: TemporaryPostgres;
let nest: TestingModule;
let parked: ParkedConversationStore;

beforeAll(async () => {
  postgres = await startTemporaryPostgres();
  await migrate(postgres.databaseUrl);
  nest = await openStores(postgres.databaseUrl);
  parked = nest.get(ParkedConversationStore);
}, 60_000);

afterAll(async () => {
  await nest?.close();
  await postgres?.remove();
}, 30_000);

/** A query of Prisma's making, one of our own, and a transaction. */
const queries: Record<string, () => Promise<unknown>> = {
  query: () => parked.count('ROOMS'),
  statement: () => nest.get(AuditOutboxStore).claim(1, 1),
  transaction: () => parked.whileParked({ stream: 'ROOMS', key: 'k', parking: 'p' }, async () => undefined),
};

async function failureOf(query: () => Promise<unknown>): Promise<unknown> {
  return query().then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** @throws the failure itself where it is another one, so that it can be read */
function expectAway(failure: unknown): void {
  const isAway = failure instanceof TransientError && failure.failureClass === 'database-away';
  if (!isAway) throw failure instanceof Error ? failure : new Error(`It ended with ${inspect(failure)}`);
}

/** A process of Postgres that serves a client has a session of its own, and may answer it for a moment longer than the rest. */
async function untilAway(query: () => Promise<unknown>): Promise<void> {
  await until('the end', async () => {
    const failure = await failureOf(query);
    if (failure === undefined) return false;
    expectAway(failure);
    return true;
  });
}

describe.each(Object.entries(queries))('a %s', (_, query) => {
  it('waits for a database that was killed, starts, or stops, and is done when it is back', async () => {
    await query();
    postgres.process.killGroup();
    await postgres.process.exited;
    await untilAway(query);

    const started = postgres.process.start();
    let failures = 0;
    await until('the database', async () => {
      const failure = await failureOf(query);
      if (failure === undefined) return true;
      failures += 1;
      expectAway(failure);
      return undefined;
    });
    expect(failures).toBeGreaterThan(0);
    await started;

    const stopped = postgres.process.stop();
    await untilAway(query);
    await stopped;
    await postgres.process.start();
    await query();
  }, 60_000);
});

it.each(Object.entries({ kill: 'SIGKILL', stop: undefined }))(
  'a query under way at a %s waits for the next try',
  async (_, signal) => {
    const key = randomUUID();
    await parked.park({ stream: 'ROOMS', key, parking: 'p', failureClass: 'c' });
    const news = new EventEmitter();
    const isUnderWay = once(news, 'under way');
    const query = failureOf(() =>
      parked.lift({ stream: 'ROOMS', key, parking: 'p' }, async () => {
        news.emit('under way');
        await postgres.process.exited;
        await untilAway(queries.query!);
        return true;
      }),
    );
    await isUnderWay;
    if (signal) postgres.process.killGroup();
    else await postgres.process.stop();
    expectAway(await query);
    await postgres.process.start();
    expect(await parked.find('ROOMS', key)).toBe('p');
  },
  60_000,
);

it('a table that is not there yet waits for whoever migrates the database', async () => {
  await queryDatabase(postgres.databaseUrl, 'ALTER TABLE parked_conversation RENAME TO not_there');
  try {
    const failure = await failureOf(queries.query!);
    expect(failure).toBeInstanceOf(NeedsPersonError);
    expect(failure).toMatchObject({ failureClass: 'database-schema' });
  } finally {
    await queryDatabase(postgres.databaseUrl, 'ALTER TABLE not_there RENAME TO parked_conversation');
  }
});

it('a full disk waits for whoever makes room, and nothing that was written before is gone', async () => {
  const disk = await SmallDisk.start({ bytes: 2 ** 20, user: postgres.process.spec.user });
  const inDatabase = (statement: string) => queryDatabase(postgres.databaseUrl, statement);
  const written: string[] = [];
  const write = async (): Promise<void> => {
    const key = randomUUID();
    await parked.park({ stream: 'ROOMS', key, parking: 'full', failureClass: 'c' });
    written.push(key);
  };
  try {
    await inDatabase(`CREATE TABLESPACE small LOCATION '${disk.directory}'`);
    await inDatabase('ALTER TABLE parked_conversation SET TABLESPACE small');
    await inDatabase('CREATE TABLE ballast (bytes text) TABLESPACE small');
    // Undone as a statement; the file that has grown stays as large as it is.
    const fill = "INSERT INTO ballast SELECT repeat('x', 1000) FROM generate_series(1, 10000)";
    await expect(inDatabase(fill)).rejects.toMatchObject({ code: '53100' });

    // First into what the table has already.
    let failure: unknown;
    while (failure === undefined) failure = await failureOf(write);
    expect(failure).toBeInstanceOf(NeedsPersonError);
    expect(failure).toMatchObject({ failureClass: 'database-full' });
    await inDatabase('DROP TABLE ballast');
    await write();
    for (const key of written) expect(await parked.find('ROOMS', key)).toBe('full');
  } finally {
    await inDatabase('DROP TABLE IF EXISTS ballast');
    await inDatabase('ALTER TABLE parked_conversation SET TABLESPACE pg_default');
    await inDatabase('DROP TABLESPACE IF EXISTS small');
    await disk.stop();
  }
}, 60_000);

it('a password that is not accepted waits for a person', async () => {
  const url = new URL(postgres.databaseUrl);
  url.password = 'wrong';
  const lockedOut = await openStores(url.href);
  try {
    const failure = await failureOf(() => lockedOut.get(ParkedConversationStore).count('ROOMS'));
    expect(failure).toBeInstanceOf(NeedsPersonError);
    expect(failure).toMatchObject({ failureClass: 'database-access' });
  } finally {
    await lockedOut.close();
  }
});
