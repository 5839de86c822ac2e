import { Client } from 'pg';

/** What a query gives, asked of the bridge's database over a connection of its own. */
export async function rowsOf(
  databaseUrl: string,
  query: string,
  values: readonly string[],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(query, [...values])).rows;
  } finally {
    await client.end();
  }
}
