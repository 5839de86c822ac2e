import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { serverBinary } from '../../deploy/local/src/project-root';
import type { Homeserver } from '../../deploy/local/src/synapse';

/**
 * In which order a homeserver got to know its events, by event id. That is the order in which it tells application
 * services; `/messages` has another one, by place in the Room. An event that it fetched later, to fill a gap that a
 * broken federation had left, is not among them: it tells nobody of such a one.
 */
export async function readArrivals({
  database,
}: Pick<Homeserver, 'database'>): Promise<ReadonlyMap<string, number>> {
  const statements = [
    'import json, sqlite3, sys',
    'connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)',
    // Synapse counts backwards for what it fetched later.
    'query = "SELECT event_id, stream_ordering FROM events WHERE stream_ordering > 0 AND type = \'m.room.message\'"',
    'print(json.dumps(connection.execute(query).fetchall()))',
  ];
  const { stdout } = await promisify(execFile)(
    serverBinary('python'),
    ['-c', statements.join('\n'), database],
    { maxBuffer: 2 ** 28 },
  );
  return new Map(JSON.parse(stdout) as [string, number][]);
}
