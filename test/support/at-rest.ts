import type { CareTeam } from '@medplum/fhirtypes';
import type { Federation } from '../../deploy/local/src/federation';
import { until } from '../../deploy/local/src/until';
import { queryDatabase } from './database';
import { emptyQueues } from './queue-evidence';
import { publishTo } from './work-queue';

type Servers = Pick<Federation, 'natsUrl' | 'databaseUrl'>;

/**
 * Has Spaces and Rooms compared with what arrived, and resolves when nothing of that is under way any more. Every half
 * minute room-manager looks for those that were not compared yet, whatever MATRIX_RESYNC_INTERVAL_MS is, and the first
 * comparison has each of them brought in order once more. That calls the homeserver, and invites whoever is missing, at
 * a moment that no test knows.
 */
export async function comparedOnce(
  { natsUrl, databaseUrl }: Servers,
  roomIds: readonly string[],
): Promise<void> {
  for (const roomId of roomIds) await publishTo(natsUrl, 'rooms.32.command.resync-room', { roomId });
  const compared = "SELECT 1 FROM room_checkpoint WHERE room_id = ANY($1) AND event_id <> ''";
  await until('the first comparison', async () => {
    return (await queryDatabase(databaseUrl, compared, [roomIds])).length === roomIds.length;
  });
  await emptyQueues(natsUrl);
}

/**
 * Resolves when the bridge has read this version of a care team, and nothing that follows from it is under way any more.
 * A team that was changed is looked at more than once, also late: what a killed mapper was at comes again. Whoever is
 * missing then is invited because of the team, before anybody has looked at who put them out.
 */
export async function teamAtRest({ natsUrl, databaseUrl }: Servers, { id, meta }: CareTeam): Promise<void> {
  const read = 'SELECT 1 FROM care_team_space WHERE care_team = $1 AND version_at >= $2';
  await until('the care team to be read', async () => {
    return (await queryDatabase(databaseUrl, read, [`CareTeam/${id}`, meta?.lastUpdated])).length === 1;
  });
  await emptyQueues(natsUrl);
}
