import { randomBytes } from 'node:crypto';
import { queryDatabase } from './database';

/** A migrated database of the caller's own: a copy of the template that the run has migrated once. */
export async function createDatabase(): Promise<string> {
  return copyTemplate(process.env.TEST_DATABASE_TEMPLATE!, randomBytes(6).toString('hex'));
}

/** An empty database of the caller's own. @param server the URL of any database beside it */
export async function emptyDatabase(server = process.env.TEST_DATABASE_TEMPLATE!): Promise<string> {
  const url = onDatabase(server, `bridge_test_${randomBytes(6).toString('hex')}`);
  await onServer(server, `CREATE DATABASE ${databaseOf(url)}`);
  return url;
}

/** Copies a database that nobody is connected to. @returns the URL of the copy */
export async function copyTemplate(templateUrl: string, mark: string): Promise<string> {
  const copy = copyOf(templateUrl, mark);
  await onServer(templateUrl, `CREATE DATABASE ${databaseOf(copy)} TEMPLATE ${databaseOf(templateUrl)}`);
  return copy;
}

/** The URL of the copy with this mark. */
export function copyOf(templateUrl: string, mark: string): string {
  return onDatabase(templateUrl, `${databaseOf(templateUrl)}_${mark}`);
}

export async function dropDatabase(url: string): Promise<void> {
  await onServer(url, `DROP DATABASE IF EXISTS ${databaseOf(url)} WITH (FORCE)`);
}

/** The URL of another database of the same server. */
function onDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

/** From the database that every server has: none can be copied or dropped by whoever is connected to it. */
async function onServer(url: string, statement: string): Promise<void> {
  await queryDatabase(onDatabase(url, 'postgres'), statement);
}
