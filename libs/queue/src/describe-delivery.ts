import type { WorkStream } from '@bridge/contracts';
import type { Delivery } from './delivery';
import { kindLabel } from './message-codec';

/** What a line of the log tells of a delivery. */
export function describeDelivery(stream: WorkStream, { kind, sequence, attempts }: Delivery): object {
  return { kind: kindLabel(kind), stream, sequence, attempts };
}
