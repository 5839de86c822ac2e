import { connect } from 'nats';
import { Client } from 'pg';
import { until } from '../../deploy/local/src/until';

interface Servers {
  readonly natsUrl: string;
  readonly databaseUrl: string;
}

/** The file that the bridge has noted as uploaded for a message. */
export async function mediaUriOf({ databaseUrl }: Servers, fhirRef: string): Promise<string | undefined> {
  const rows = await query(databaseUrl, 'SELECT media_uri FROM message_link WHERE fhir_ref = $1', fhirRef);
  return (rows[0] as { media_uri: string | null } | undefined)?.media_uri ?? undefined;
}

/**
 * As if room-manager had died after the upload and before it noted the event: the queue hands the message out again.
 * Resolves when the event is noted.
 */
export async function sendAgain(servers: Servers, fhirRef: string, message: object): Promise<void> {
  const { databaseUrl, natsUrl } = servers;
  // The message can be seen a moment before it is noted.
  const forget =
    'UPDATE message_link SET event_id = NULL WHERE fhir_ref = $1 AND event_id IS NOT NULL RETURNING 1';
  await until(`the row of ${fhirRef}`, async () => (await query(databaseUrl, forget, fhirRef)).length === 1);
  const connection = await connect({ servers: natsUrl });
  await connection.jetstream().publish('rooms.0.command.send-message', JSON.stringify(message));
  await connection.close();
  const complete = 'SELECT 1 FROM message_link WHERE fhir_ref = $1 AND event_id IS NOT NULL';
  await until(
    `the event of ${fhirRef}`,
    async () => (await query(databaseUrl, complete, fhirRef)).length === 1,
  );
}

async function query(databaseUrl: string, text: string, fhirRef: string): Promise<unknown[]> {
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    const { rows } = await database.query<Record<string, unknown>>(text, [fhirRef]);
    return rows;
  } finally {
    await database.end();
  }
}
