import { connect, type JetStreamManager, type StoredMsg } from 'nats';
import { Client } from 'pg';
import { until } from '../../deploy/local/src/until';

/** The streams whose entries workers take. */
export const workStreams = ['MAPPING', 'ROOMS'] as const;

/** The kinds of the messages that were given up, one for each. */
export async function deadLetterKinds(natsUrl: string): Promise<string[]> {
  const { state } = await onQueue(natsUrl, ({ streams }) =>
    streams.info('DEAD_LETTERS', { subjects_filter: '>' }),
  );
  return Object.entries(state.subjects ?? {}).flatMap(([subject, count]) =>
    Array.from({ length: count }, () => subject.split('.').slice(3).join('.')),
  );
}

/**
 * As if a worker had died after the effect and before noting it: the rows of the effect are missing, and the queue hands
 * the message out again. Resolves when the row is there and complete.
 */
export async function deliverAgain(
  servers: { readonly natsUrl: string; readonly databaseUrl: string },
  fhirRef: string,
  subject: string,
  message: object,
): Promise<void> {
  const database = new Client({ connectionString: servers.databaseUrl });
  await database.connect();
  const remove =
    'DELETE FROM message_link WHERE fhir_ref = $1 AND event_id IS NOT NULL RETURNING event_id, direction';
  // The effect can be seen a moment before its row is complete.
  const [row] = await until(`the row of ${fhirRef}`, async () => {
    const { rows } = await database.query<{ event_id: string; direction: string }>(remove, [fhirRef]);
    return rows.length > 0 && rows;
  });
  // What was said in Matrix is noted as handled behind its row; what the bridge said is not noted.
  if (row!.direction === 'to-fhir') {
    const forget = 'DELETE FROM handled_event WHERE event_id = $1 RETURNING 1';
    await until(
      `the note of ${row!.event_id}`,
      async () => (await database.query(forget, [row!.event_id])).rows.length === 1,
    );
  }
  const connection = await connect({ servers: servers.natsUrl });
  await connection.jetstream().publish(subject, JSON.stringify(message));
  await connection.close();
  await until(`the row of ${fhirRef}`, async () => {
    const complete = 'SELECT 1 FROM message_link WHERE fhir_ref = $1 AND event_id IS NOT NULL';
    return (await database.query(complete, [fhirRef])).rows.length === 1;
  });
  await database.end();
}

/** The dead letters, oldest first. */
export async function storedDeadLetters(natsUrl: string): Promise<StoredMsg[]> {
  return onQueue(natsUrl, async ({ streams }) => {
    const { state } = await streams.info('DEAD_LETTERS');
    const letters: StoredMsg[] = [];
    for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++) {
      letters.push(await streams.getMessage('DEAD_LETTERS', { seq }));
    }
    return letters;
  });
}

/** What the dead letters hold, byte for byte. */
export async function deadLetterPayloads(natsUrl: string): Promise<Buffer[]> {
  return (await storedDeadLetters(natsUrl)).map(({ data }) => Buffer.from(data));
}

/** Messages in both work queues that no worker is done with. */
export async function backlog(natsUrl: string): Promise<number> {
  return onQueue(natsUrl, async ({ streams }) => {
    let messages = 0;
    // One after the other: what leads from the first to the second is in this before it has left that.
    for (const name of workStreams) messages += (await streams.info(name)).state.messages;
    return messages;
  });
}

/** Waits until the workers are done with everything, also with what a killed one was at. */
export async function emptyQueues(natsUrl: string, withinMs?: number): Promise<void> {
  await until('both work queues to be empty', async () => (await backlog(natsUrl)) === 0, withinMs);
}

/** The kinds of the messages in both work queues that no worker is done with, one for each. */
export async function waitingKinds(natsUrl: string): Promise<string[]> {
  const infos = await onQueue(natsUrl, ({ streams }) =>
    Promise.all(workStreams.map((name) => streams.info(name, { subjects_filter: '>' }))),
  );
  return infos.flatMap(({ state }) =>
    Object.entries(state.subjects ?? {}).flatMap(([subject, count]) =>
      Array.from({ length: count }, () => subject.split('.').slice(2).join('.')),
    ),
  );
}

/**
 * Deliveries beyond the first of each message in both work queues, ever; to be asked when these are empty. A worker that
 * ends gives back what it holds, which counts, and so does every try after a failure.
 */
export async function redeliveries(natsUrl: string): Promise<number> {
  return onQueue(natsUrl, async ({ streams, consumers }) => {
    let count = 0;
    for (const name of workStreams) {
      for await (const { delivered } of consumers.list(name)) count += delivered.consumer_seq;
      count -= (await streams.info(name)).state.last_seq;
    }
    return count;
  });
}

async function onQueue<T>(natsUrl: string, look: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: natsUrl });
  try {
    return await look(await connection.jetstreamManager());
  } finally {
    await connection.close();
  }
}
