import type { Column, DatabaseShape } from './database-shape';

const typeOf = ({ udt_name, datetime_precision, character_maximum_length }: Column): string =>
  JSON.stringify([udt_name, datetime_precision, character_maximum_length]);

const nameOf = ({ table_name, column_name }: Column): string => `${table_name}.${column_name}`;

/**
 * What code that knows one schema cannot rely on in another: one line each. Such code names the columns that it reads and
 * writes, so tables and columns that are new are nothing to it, as long as it may leave them out.
 */
export function breaksBetween(known: DatabaseShape, present: DatabaseShape): string[] {
  const tables = new Set(known.columns.map(({ table_name }) => table_name));
  const before = new Map(known.columns.map((column) => [nameOf(column), column]));
  const now = new Map(present.columns.map((column) => [nameOf(column), column]));
  const added = present.columns.filter(
    (column) => tables.has(column.table_name) && !before.has(nameOf(column)),
  );
  return [
    ...known.columns.flatMap((column) => changeOf(column, now.get(nameOf(column)))),
    ...added.filter(isRequired).map((column) => `${nameOf(column)} is new, and has to be written`),
    ...newRules(known, present, tables),
    ...uniqueIndexes(known)
      .filter((index) => !uniqueIndexes(present).includes(index))
      .map((index) => `gone: ${index}`),
  ];
}

function changeOf(before: Column, now: Column | undefined): string[] {
  const name = nameOf(before);
  if (!now) return [`${name} is gone`];
  return [
    ...(typeOf(before) === typeOf(now) ? [] : [`${name} is of another type`]),
    ...(before.is_nullable === now.is_nullable ? [] : [`${name} may be empty: ${now.is_nullable}`]),
    ...(!isRequired(before) && isRequired(now) && before.is_nullable === 'NO'
      ? [`${name} has no default any more`]
      : []),
  ];
}

function isRequired({ is_nullable, column_default }: Column): boolean {
  return is_nullable === 'NO' && column_default === null;
}

/** Constraints and unique indexes that what the code writes may offend. */
function newRules(known: DatabaseShape, present: DatabaseShape, tables: ReadonlySet<string>): string[] {
  const rulesOf = ({ constraints, indexes }: DatabaseShape): string[] => [
    // Each NOT NULL is one as well, told of with its column.
    ...constraints
      .filter(({ table, definition }) => tables.has(table) && !definition.startsWith('NOT NULL'))
      .map(({ table, definition }) => `${table}: ${definition}`),
    ...uniqueIndexes({ indexes: indexes.filter(({ tablename }) => tables.has(tablename)) }),
  ];
  const before = new Set(rulesOf(known));
  return rulesOf(present)
    .filter((rule) => !before.has(rule))
    .map((rule) => `new: ${rule}`);
}

function uniqueIndexes({ indexes }: Pick<DatabaseShape, 'indexes'>): string[] {
  return indexes.map(({ indexdef }) => indexdef).filter((each) => each.startsWith('CREATE UNIQUE'));
}
