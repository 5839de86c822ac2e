/** One node of a plan as Postgres explains it, as far as it is looked at here. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** A statement that was executed, with the plan that it was executed by. */
export interface ExplainedStatement {
  readonly database: string;
  readonly text: string;
  readonly plan: PlanNode;
}

/** Has Postgres log each statement with its plan and the rows it went over, without what measuring times would cost. */
export const explainAll = [
  "LOAD 'auto_explain'",
  "ALTER SYSTEM SET session_preload_libraries = 'auto_explain'",
  'ALTER SYSTEM SET auto_explain.log_min_duration = 0',
  'ALTER SYSTEM SET auto_explain.log_analyze = on',
  'ALTER SYSTEM SET auto_explain.log_timing = off',
  "ALTER SYSTEM SET auto_explain.log_format = 'json'",
  "ALTER SYSTEM SET log_line_prefix = '%d '",
  'SELECT pg_reload_conf()',
];

const logged = /^(\S+) LOG: {2}duration: [\d.]+ ms {2}plan:\n((?:\t.*\n)+)/gm;

/** What Postgres' log tells of the statements that were executed, in their order. */
export function explainedIn(log: string): ExplainedStatement[] {
  return [...log.matchAll(logged)].map(([, database, json]) => {
    const { 'Query Text': text, Plan: plan } = JSON.parse(json!) as { 'Query Text': string; Plan: PlanNode };
    return { database: database!, text: text.replace(/\s+/g, ' ').trim(), plan };
  });
}

/** The tables that a plan reads from their first row to their last. */
export function tablesReadWhole(plan: PlanNode): string[] {
  return nodesOf(plan)
    .filter((node) => node['Node Type'] === 'Seq Scan')
    .map((node) => node['Relation Name']!);
}

/** How many rows of tables and entries of indexes a plan went over, be it to drop them. */
export function rowsRead(plan: PlanNode): number {
  return nodesOf(plan)
    .filter((node) => node['Node Type'].endsWith('Scan'))
    .map((node) => {
      const dropped = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
      return (node['Actual Rows'] + dropped) * node['Actual Loops'];
    })
    .reduce((sum, rows) => sum + rows, 0);
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}
