import { BridgeError, NeedsPersonError, TransientError } from '@bridge/contracts';
import { isDriverAdapterError } from '@prisma/driver-adapter-utils';
import { Prisma } from './generated/client';

/** As `@prisma/adapter-pg` names what went wrong beneath a query, with PostgreSQL's own code where it has one. */
interface DriverCause {
  readonly kind?: string;
  readonly originalCode?: string;
}

/** Kinds of a database that is away or busy; the same query succeeds later. */
const passingKinds = new Set([
  'ConnectionClosed',
  'DatabaseNotReachable',
  'SocketTimeout',
  'TooManyConnections',
  'TransactionWriteConflict',
]);

/**
 * PostgreSQL's codes of the same (its manual, appendix A): connection exceptions, out of resources, shutdown, start and
 * failover, rollbacks by other transactions, a lock not gained, and a server that only reads, as the old one after a
 * failover.
 */
const passingState = /^(08...|53...|57P..|40...|55P03|25006)$/;

/** Of those out of resources, the one that nobody but a person ends. */
const diskFull = '53100';

/** Prisma's own (its error reference): not reached, timed out, closed, no connection or transaction to be had in time. */
const passingCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037']);

/** What `pg` throws when a connection breaks under a query; it gives no code. */
const brokenConnection = /^(Connection terminated|timeout exceeded when trying to connect|Client has enc)/;

const accessKinds = new Set([
  'AuthenticationFailed',
  'DatabaseAccessDenied',
  'DatabaseDoesNotExist',
  'TlsConnectionError',
]);
const schemaKinds = new Set(['ColumnNotFound', 'TableDoesNotExist']);

/**
 * Tells what a failed query means, so that no message is given up because the database was away.
 * @returns what was thrown, where it is about the query itself
 */
export function databaseFailure(thrown: unknown): unknown {
  if (thrown instanceof BridgeError) return thrown;
  const { kind = '', originalCode = '' } = driverCause(thrown);
  if (accessKinds.has(kind)) return noAccess(thrown);
  if (schemaKinds.has(kind)) return schemaBehind(thrown);
  if (originalCode === diskFull) return full(thrown);
  const isPassing =
    passingKinds.has(kind) ||
    passingState.test(originalCode) ||
    (thrown instanceof Prisma.PrismaClientKnownRequestError && passingCodes.has(thrown.code)) ||
    (thrown instanceof Error && brokenConnection.test(thrown.message));
  return isPassing ? away(thrown) : thrown;
}

/** Prisma wraps what the driver throws under a query, and lets it pass as it is under the end of a transaction. */
function driverCause(thrown: unknown): DriverCause {
  if (isDriverAdapterError(thrown)) return thrown.cause;
  if (!(thrown instanceof Prisma.PrismaClientKnownRequestError)) return {};
  const { driverAdapterError } = (thrown.meta ?? {}) as { driverAdapterError?: { cause?: DriverCause } };
  return driverAdapterError?.cause ?? {};
}

function away(cause: unknown): TransientError {
  return new TransientError('database-away', 'The database is away or busy', {
    advice: 'Passes by itself; when it lasts, check that Postgres runs and that DATABASE_URL leads to it.',
    cause,
  });
}

function noAccess(cause: unknown): NeedsPersonError {
  return new NeedsPersonError('database-access', 'The database does not let the bridge in', {
    advice: 'Correct DATABASE_URL: user, password, name of the database, TLS. Messages wait meanwhile.',
    cause,
  });
}

function full(cause: unknown): NeedsPersonError {
  return new NeedsPersonError('database-full', 'The disk of the database is full', {
    advice: 'Make room on the disk of Postgres, or give it a larger one. Messages wait meanwhile.',
    cause,
  });
}

function schemaBehind(cause: unknown): NeedsPersonError {
  return new NeedsPersonError('database-schema', 'A table or column that this version needs is missing', {
    advice: 'Apply the migrations (`npm run migrate`). Messages wait meanwhile.',
    cause,
  });
}
