import { readFileSync } from 'node:fs';

/** How Postgres logs a statement: by the simple protocol, or with parameters. */
const logged = /^.* LOG: {2}(?:statement|execute [^:]*): (.*(?:\n\t.*)*)/gm;

/** What brings AuditEvents to their server, and looks for what is due, in the background: not for one message. */
const inBackground = [
  /^UPDATE audit_outbox SET due_at/,
  /^(SELECT|DELETE|UPDATE) .*"audit_outbox"/,
  /^SELECT 1$/,
  // The bench's own looks, see BenchServers.
  /^SELECT count\(\*\)::int AS n FROM/,
];

/** The statements in Postgres' log, without their parameters and where lines break, those of the background left out. */
export function statementsIn(log: string): string[] {
  return [...log.matchAll(logged)]
    .map(([, statement]) => statement!.replace(/\s+/g, ' ').trim())
    .filter((statement) => !inBackground.some((pattern) => pattern.test(statement)));
}

/** How often each kind of statement is in a log, the most frequent first. */
export function kindsOfStatements(log: string): [statement: string, count: number][] {
  const counts = new Map<string, number>();
  for (const statement of statementsIn(log)) counts.set(statement, (counts.get(statement) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** As `kindsOfStatements`, of what a log file holds from some length on. */
export function kindsSince(logFile: string, length: number): [statement: string, count: number][] {
  return kindsOfStatements(readFileSync(logFile, 'utf8').slice(length));
}
