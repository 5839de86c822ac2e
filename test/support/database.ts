import { Client } from 'pg';

/** One statement in the bridge's database, for what a test cannot see or do from outside. */
export async function queryDatabase<T extends object = Record<string, unknown>>(
  databaseUrl: string,
  statement: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<T>(statement, [...values])).rows;
  } finally {
    await client.end();
  }
}
