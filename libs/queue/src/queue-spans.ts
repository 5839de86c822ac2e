import type { WorkStream } from '@bridge/contracts';
import { continueTrace, inSpan, type Origin } from '@bridge/platform';
import type { Delivery } from './delivery';
import { kindLabel } from './message-codec';
import { messageHeaders, readTakenAt } from './message-headers';

/*
 * Spans as OpenTelemetry's semantic conventions for messaging have them. The ordering key is not in them: it may name a
 * person's resource.
 */

/** Where a message goes, or lies. */
export interface Place {
  readonly stream: string;
  readonly kind: string;
  readonly partition: number | undefined;
}

/** Publishes in a span of its own, which the message's `traceparent` is to name. */
export function inPublishSpan<T>(place: Place, publish: () => Promise<T>): Promise<T> {
  return inSpan(() => {
    const attributes = { ...attributesOf(place), 'messaging.operation.type': 'send' };
    return { name: `send ${place.stream}`, kind: 'producer', attributes };
  }, publish);
}

/** Handles one delivery in a span of its own: each try is one, below the span that published the message. */
export function inDeliverySpan(
  stream: WorkStream,
  delivery: Delivery,
  handle: () => Promise<void>,
): Promise<void> {
  return continueTrace(
    originOf(delivery),
    () => {
      const attributes = {
        ...attributesOf({ stream, kind: delivery.kind, partition: delivery.partition }),
        'messaging.operation.type': 'process',
        'bridge.attempts': delivery.attempts,
      };
      return { name: `process ${stream}`, kind: 'consumer', attributes };
    },
    handle,
  );
}

/** Where the work on a message began, as the message tells it. */
export function originOf(delivery: Delivery): Origin {
  return {
    traceparent: delivery.header(messageHeaders.traceparent),
    takenAt: readTakenAt(delivery.header(messageHeaders.takenAt)),
  };
}

function attributesOf({ stream, kind, partition }: Place) {
  return {
    'messaging.system': 'nats',
    'messaging.destination.name': stream,
    ...(partition !== undefined && { 'messaging.destination.partition.id': String(partition) }),
    'bridge.kind': kindLabel(kind),
  };
}
