import { randomUUID } from 'node:crypto';
import { AuditTrail, type Deed } from '@bridge/audit';
import { FhirRef, PermanentError, TransientError } from '@bridge/contracts';
import { AuditLogStore, AuditOutboxStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import type { AuditEvent } from '@medplum/fhirtypes';
import type { TestingModule } from '@nestjs/testing';
import { queryDatabase } from './support/database';
import { createDatabase, dropDatabase } from './support/fresh-database';
import { openStores } from './support/stores';

/* The audit in the real database: what is noted before and after an effect, and the chain. A database of its own: the
   tests break the chain. */

let url: string;
let nest: TestingModule;
let outbox: AuditOutboxStore;
let log: AuditLogStore;
let trail: AuditTrail;

beforeAll(async () => {
  url = await createDatabase();
  nest = await openStores(url);
  outbox = nest.get(AuditOutboxStore);
  log = nest.get(AuditLogStore);
  trail = new AuditTrail(outbox, { enabled: true, serverName: 'care.example' }, new Metrics());
}, 60_000);

afterAll(async () => {
  await nest?.close();
  if (url) await dropDatabase(url);
}, 30_000);

beforeEach(async () => {
  await query('TRUNCATE audit_outbox, audit_log, audit_chain');
});

const query = <T extends object>(statement: string, values: readonly unknown[] = []) =>
  queryDatabase<T>(url, statement, values);

const logged = async () =>
  (await query<{ content: string }>('SELECT content FROM audit_log ORDER BY sequence')).map(
    ({ content }) => JSON.parse(content) as AuditEvent,
  );
const outboxRows = () => query<{ key: string | null }>('SELECT key FROM audit_outbox');

const created = FhirRef.parse('Communication/c');
const deed = (more: Partial<Deed> = {}): Deed => ({
  key: 'create Communication $e',
  told: 'once',
  deed: 'create',
  by: FhirRef.parse('Practitioner/gp'),
  what: [],
  ...more,
});
const away = new TransientError('fhir-away', 'away', { advice: '' });
const refusal = new PermanentError('fhir-refused', 'no', { advice: '' });

describe('an effect', () => {
  it('has its row before it happens, and is told when it has', async () => {
    let before: object[] = [];
    const act = async () => {
      before = await outboxRows();
      return created;
    };
    expect(await trail.around(deed(), act, (ref) => ({ what: [ref] }))).toBe(created);
    expect(before).toEqual([{ key: 'create Communication $e' }]);
    expect(await logged()).toMatchObject([
      { action: 'C', outcome: '0', entity: [{ what: { reference: created } }] },
    ]);
    expect(await outboxRows()).toEqual([{ key: null }]);
  });

  it('is told once, however often it is repeated, also when the FHIR server has it already', async () => {
    const repeat = () =>
      trail.around(
        deed(),
        async () => created,
        (ref) => ({ what: [ref] }),
      );
    await repeat();
    await repeat();
    const [sent] = await outbox.claim(10, 60_000);
    await outbox.sent(sent!.id);
    await repeat();
    expect(await logged()).toHaveLength(1);
    expect(await outboxRows()).toEqual([]);
  });

  it('that was done by a process that died before it could tell is told by the next try, which finds it done', async () => {
    const died = new Error('died');
    const first = trail.around(
      deed({ deed: 'update' }),
      () => Promise.reject(died),
      () => ({}),
    );
    await expect(first).rejects.toBe(died);
    expect(await logged()).toEqual([]);
    const nothingToDo = async () => false;
    await trail.around(deed({ deed: 'update' }), nothingToDo, (done) => (done ? {} : undefined));
    expect(await logged()).toMatchObject([{ action: 'U', outcome: '0' }]);
  });

  it('that is none is not told', async () => {
    await trail.around(
      deed(),
      async () => false,
      (done) => (done ? {} : undefined),
    );
    expect(await outboxRows()).toEqual([]);
    expect(await logged()).toEqual([]);
  });

  it('keeps its row while it fails for now, and loses it when it is refused for good', async () => {
    await expect(
      trail.around(
        deed(),
        () => Promise.reject(away),
        () => ({}),
      ),
    ).rejects.toBe(away);
    expect(await outboxRows()).toHaveLength(1);
    await expect(
      trail.around(
        deed(),
        () => Promise.reject(refusal),
        () => ({}),
      ),
    ).rejects.toBe(refusal);
    // An earlier try may have come further than anybody knows.
    expect(await outboxRows()).toHaveLength(1);
    const other = deed({ key: 'another' });
    await expect(
      trail.around(
        other,
        () => Promise.reject(refusal),
        () => ({}),
      ),
    ).rejects.toBe(refusal);
    expect(await outboxRows()).toHaveLength(1);
  });

  it('that may be done again is told each time, and its tries once', async () => {
    const invite = deed({ key: 'invite', told: 'each-time', deed: 'disclose' });
    await expect(
      trail.around(
        invite,
        () => Promise.reject(away),
        () => ({}),
      ),
    ).rejects.toBe(away);
    await trail.around(
      invite,
      async () => {},
      () => ({}),
    );
    await trail.around(
      invite,
      async () => {},
      () => ({}),
    );
    expect(await logged()).toHaveLength(2);
  });

  it('is done and not told when the audit is switched off', async () => {
    const off = new AuditTrail(outbox, { enabled: false, serverName: 'care.example' }, new Metrics());
    expect(
      await off.around(
        deed(),
        async () => created,
        () => ({}),
      ),
    ).toBe(created);
    await off.refused('x', { deed: 'create', what: [] });
    expect(await logged()).toEqual([]);
  });

  it('does not happen when the database does not take its row', async () => {
    let isDone = false;
    await query('ALTER TABLE audit_outbox RENAME TO audit_away');
    try {
      const doing = trail.around(
        deed(),
        async () => void (isDone = true),
        () => ({}),
      );
      await expect(doing).rejects.toThrow();
    } finally {
      await query('ALTER TABLE audit_away RENAME TO audit_outbox');
    }
    expect(isDone).toBe(false);
  });
});

describe('a refusal', () => {
  it('is told once, with its reason', async () => {
    for (let time = 0; time < 2; time++) {
      await trail.refused('$e', { deed: 'create', reason: 'sender-not-in-room', what: [] });
    }
    expect(await logged()).toMatchObject([{ outcome: '4', outcomeDesc: 'sender-not-in-room' }]);
  });
});

describe('what is to be sent', () => {
  it('is taken by one of several processes, and by another when the first does not come back', async () => {
    for (let index = 0; index < 40; index++) await trail.refused(String(index), { deed: 'create', what: [] });
    const taken = (await Promise.all(Array.from({ length: 8 }, () => outbox.claim(5, 60_000)))).flat();
    expect(new Set(taken.map(({ id }) => id)).size).toBe(taken.length);
    expect(await outbox.claim(100, 0)).toHaveLength(40 - taken.length);
    await query("UPDATE audit_outbox SET due_at = now() - interval '1 second'");
    expect(await outbox.claim(100, 60_000)).toHaveLength(40);
  });

  it('does not hold what is only intended, until that counts as never settled; then it is reported once', async () => {
    await outbox.intend({ key: 'k', id: 'i', content: '{}' });
    expect(await outbox.claim(10, 0)).toEqual([]);
    expect(await outbox.unsettled(10)).toEqual([]);
    await query("UPDATE audit_outbox SET due_at = now() - interval '1 second'");
    expect(await outbox.unsettled(10)).toEqual([{ id: 'i', content: '{}' }]);
    await outbox.reported('i');
    expect(await outbox.unsettled(10)).toEqual([]);
    expect(await outbox.intend({ key: 'k', id: 'other', content: '{}' })).toEqual({
      id: 'i',
      intended: 'again',
    });
  });
});

describe('the chain', () => {
  const append = async (count: number) => {
    for (let index = 1; index <= count; index++)
      await outbox.settle({ id: `e${index}`, content: `{"n":${index}}` });
  };

  it('holds when it is empty, and when nobody touched it', async () => {
    expect(await log.verify()).toEqual({ checked: 0 });
    await append(5);
    expect(await log.verify()).toEqual({ checked: 5 });
    expect(await log.verify(4n)).toEqual({ checked: 2 });
  });

  const swap = `UPDATE audit_log AS one SET content = other.content, hash = other.hash
    FROM audit_log AS other WHERE (one.sequence, other.sequence) IN ((2, 3), (3, 2))`;
  const rehash = (sequence: number) => `UPDATE audit_log
    SET content = '{"n":0}', hash = sha256(previous_hash || '{"n":0}') WHERE sequence = ${sequence}`;

  it.each([
    ['another word in a row', `UPDATE audit_log SET content = '{"n":30}' WHERE sequence = 3`, 3n, 'changed'],
    ['another word with a hash that fits', rehash(3), 4n, 'unchained'],
    ['the same in the last row', rehash(5), 5n, 'unchained'],
    ['a row that is gone', 'DELETE FROM audit_log WHERE sequence = 3', 3n, 'missing'],
    ['the first row gone', 'DELETE FROM audit_log WHERE sequence = 1', 1n, 'missing'],
    ['the last row gone', 'DELETE FROM audit_log WHERE sequence = 5', 5n, 'missing'],
    ['all rows gone', 'DELETE FROM audit_log', 1n, 'missing'],
    [
      'a row gone and the others moved up',
      'DELETE FROM audit_log WHERE sequence = 3;' +
        'UPDATE audit_log SET sequence = sequence - 1 WHERE sequence > 3',
      3n,
      'unchained',
    ],
    ['two rows that changed places', swap, 2n, 'changed'],
    ['an end that was put back', 'UPDATE audit_chain SET sequence = 4, hash = previous_hash', 5n, 'beyond'],
    ['an end that is gone', 'DELETE FROM audit_chain', 1n, 'beyond'],
  ])('shows %s, and where it begins', async (_what, tampering, sequence, why) => {
    await append(5);
    for (const statement of tampering.split(';')) await query(statement);
    expect((await log.verify()).broken).toEqual({ sequence, why });
  });

  it('is longer than one look takes in at once', async () => {
    const contents = Array.from({ length: 2_100 }, () => randomUUID());
    await Promise.all(contents.map((content) => outbox.settle({ id: content, content })));
    expect(await log.verify()).toEqual({ checked: 2_100 });
    await query(`UPDATE audit_log SET content = 'x' WHERE sequence = 2050`);
    expect((await log.verify()).broken).toEqual({ sequence: 2050n, why: 'changed' });
  }, 60_000);

  it('has one row for an entry that two processes settle at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      const entry = { id: `both ${round}`, content: `{"n":${round}}` };
      await Promise.all([1, 2, 3, 4].map(() => outbox.settle(entry)));
    }
    expect(await log.verify()).toEqual({ checked: 20 });
  });

  it('is one chain with four writers at once; says how long a row takes', async () => {
    const measure = async (writers: number, each: number) => {
      const took: number[] = [];
      const from = performance.now();
      await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          for (let index = 0; index < each; index++) {
            const begin = performance.now();
            await trail.around(
              deed({ key: `${writers} ${writer} ${index}` }),
              async () => created,
              () => ({}),
            );
            took.push(performance.now() - begin);
          }
        }),
      );
      took.sort((a, b) => a - b);
      const at = (share: number) => took[Math.floor(took.length * share)]!.toFixed(1);
      const rate = Math.round((took.length * 1000) / (performance.now() - from));
      return `${writers} writers: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${rate} effects/s, both rows counted`;
    };
    const lines = [await measure(1, 200), await measure(4, 200)];
    process.stdout.write(`${lines.join('\n')}\n`);
    expect(await log.verify()).toEqual({ checked: 1_000 });
  }, 60_000);
});
