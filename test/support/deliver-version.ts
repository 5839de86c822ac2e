import type { Communication } from '@medplum/fhirtypes';
import { orderingKey } from '@bridge/mapping';
import { messageHeaders, partitionOf } from '@bridge/queue';
import { connect, headers } from 'nats';

/** As if a version of a Communication came late: from a slow replica, or from a notification that was held up. */
export async function deliverVersion(
  natsUrl: string,
  resource: Communication,
  partitions = 32,
): Promise<void> {
  const { id, meta } = resource;
  const key = orderingKey(resource);
  const change = {
    ref: `Communication/${id}`,
    versionId: meta?.versionId,
    lastUpdated: meta?.lastUpdated,
    resource,
  };
  const fields = headers();
  fields.set(messageHeaders.key, key);
  const connection = await connect({ servers: natsUrl });
  const subject = `mapping.${partitionOf(key, partitions)}.fhir.changed`;
  await connection.jetstream().publish(subject, JSON.stringify(change), { headers: fields });
  await connection.close();
}
