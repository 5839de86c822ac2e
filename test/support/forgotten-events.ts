import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Homeserver } from '../../deploy/local/src/synapse';
import { serverBinary } from '../../deploy/local/src/project-root';

/**
 * Makes Synapse forget what it holds for application services, as a homeserver does that dies after it has moved its
 * position on and before it has stored the transaction. Synapse is restarted.
 * @param meanwhile what is done while it is stopped: an application service that is there when it starts is spoken to
 *   at once, and not after the ever longer pauses that follow an attempt in vain
 * @returns how many transactions were forgotten
 */
export async function forgetTransactions(
  { process, database }: Homeserver,
  meanwhile: () => Promise<void>,
): Promise<number> {
  await process.stop();
  const statements = [
    'import sqlite3, sys',
    'connection = sqlite3.connect(sys.argv[1])',
    'forgotten = connection.execute("DELETE FROM application_services_txns").rowcount',
    'connection.execute("DELETE FROM application_services_state")',
    'connection.execute("UPDATE appservice_stream_position SET stream_ordering = (SELECT MAX(stream_ordering) FROM events)")',
    'connection.commit()',
    'print(forgotten)',
  ];
  const { stdout } = await promisify(execFile)(serverBinary('python'), [
    '-c',
    statements.join('\n'),
    database,
  ]);
  await meanwhile();
  await process.start();
  return Number(stdout);
}
