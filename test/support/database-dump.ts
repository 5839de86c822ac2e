import { queryDatabase } from './database';

/** Every row of every table, as text: what somebody has who has the database and not the key. */
export async function databaseDump(databaseUrl: string): Promise<Map<string, string[]>> {
  const tables = await queryDatabase<{ name: string }>(
    databaseUrl,
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const dump = new Map<string, string[]>();
  for (const { name } of tables) {
    const rows = await queryDatabase<{ text: string }>(
      databaseUrl,
      `SELECT row::text AS text FROM ${name} AS row`,
    );
    dump.set(
      name,
      rows.map(({ text }) => text),
    );
  }
  return dump;
}
