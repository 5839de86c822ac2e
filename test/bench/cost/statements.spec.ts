import { kindsOfStatements, statementsIn } from './statements';

const at = '2026-11-22 03:00:00.000 UTC [42] LOG:  ';

describe('statementsIn', () => {
  it('reads statements of both protocols, and joins their lines', () => {
    const log = `${at}execute <unnamed>: INSERT INTO audit_outbox AS row\n\t  (id) VALUES ($1)\n${at}statement: BEGIN\n`;
    expect(statementsIn(log)).toEqual(['INSERT INTO audit_outbox AS row (id) VALUES ($1)', 'BEGIN']);
  });

  it('leaves out what goes on in the background, and what the bench asks itself', () => {
    const texts = [
      'SELECT 1',
      'UPDATE audit_outbox SET due_at = $1 WHERE id IN (SELECT id FROM audit_outbox)',
      'DELETE FROM "public"."audit_outbox" WHERE id = $1',
      'SELECT count(*)::int AS n FROM message_link WHERE true',
    ];
    expect(statementsIn(texts.map((text) => `${at}execute <unnamed>: ${text}\n`).join(''))).toEqual([]);
  });

  it('reads no parameters and nothing else', () => {
    const log = `${at}checkpoint starting\n2026-11-22 03:00:00 UTC [42] DETAIL:  Parameters: $1 = 'LOG:  statement: x'\n`;
    expect(statementsIn(log)).toEqual([]);
  });
});

describe('kindsOfStatements', () => {
  it('counts the same text once each time, the most frequent first', () => {
    const log = ['SELECT a', 'SELECT b', 'SELECT b'].map((text) => `${at}execute s1: ${text}\n`).join('');
    expect(kindsOfStatements(log)).toEqual([
      ['SELECT b', 2],
      ['SELECT a', 1],
    ]);
  });
});
