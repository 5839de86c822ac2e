import type { Subscription } from '@medplum/fhirtypes';
import { backport, topicOf } from '../../deploy/local/fhir-server/topic-subscription';

interface TopicOptions {
  readonly endpoint: string;
  readonly secret?: string;
  /** Seconds between two signs of life. */
  readonly heartbeat?: number;
}

/** A topic-based Subscription to all changes of a type, which tells which resources have changed and no more. */
export function topicSubscription(type: string, { endpoint, secret, heartbeat }: TopicOptions): Subscription {
  return {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'The bridge keeps Matrix in step',
    criteria: topicOf(type),
    channel: {
      type: 'rest-hook',
      endpoint,
      payload: 'application/fhir+json',
      ...(secret ? { header: [`Authorization: Bearer ${secret}`] } : {}),
      ...{ _payload: { extension: [{ url: `${backport}backport-payload-content`, valueCode: 'id-only' }] } },
      ...(heartbeat === undefined
        ? {}
        : { extension: [{ url: `${backport}backport-heartbeat-period`, valueUnsignedInt: heartbeat }] }),
    },
  };
}
