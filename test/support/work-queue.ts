import { connect } from 'nats';

/** Puts a message on a work queue, as the ingress does; of the mapper's, for whatever partition. */
export async function publishTo(natsUrl: string, subject: string, message: object): Promise<void> {
  const connection = await connect({ servers: natsUrl });
  await connection.jetstream().publish(subject, JSON.stringify(message));
  await connection.close();
}
