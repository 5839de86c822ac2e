import type { Extension, Subscription, SubscriptionChannel } from '@medplum/fhirtypes';
import { isR4ResourceType } from './fhir-definitions';

/** Extensions and profiles of the Subscriptions R5 Backport IG 1.1, for R4. */
export const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';

export type TopicContent = 'empty' | 'id-only' | 'full-resource';

/** What a topic-based Subscription asks for. */
export interface TopicHook {
  readonly canonical: string;
  /** The resource type that the topic is about: every change of it, deletions as well. */
  readonly resourceType: string;
  readonly content: TopicContent;
  /** Milliseconds between two signs of life. */
  readonly heartbeatMs: number | undefined;
}

const topicBase = 'urn:fhir-server:topic:';

/** The topic of all changes of a resource type. */
export function topicOf(resourceType: string): string {
  return topicBase + resourceType;
}

/**
 * Reads what the backport's extensions say.
 * @returns undefined when the criteria name no topic of this server: then it is a classic Subscription
 */
export function topicHookOf({ criteria, channel }: Subscription): TopicHook | undefined {
  const resourceType = criteria.startsWith(topicBase) ? criteria.slice(topicBase.length) : '';
  if (!isR4ResourceType(resourceType)) return undefined;
  const { _payload: payload } = channel as SubscriptionChannel & { _payload?: { extension?: Extension[] } };
  const content = valueOf(payload?.extension, 'backport-payload-content')?.valueCode;
  const heartbeat = valueOf(channel.extension, 'backport-heartbeat-period')?.valueUnsignedInt;
  return {
    canonical: criteria,
    resourceType,
    content: content === 'id-only' || content === 'full-resource' ? content : 'empty',
    heartbeatMs: heartbeat === undefined ? undefined : heartbeat * 1_000,
  };
}

function valueOf(extensions: readonly Extension[] | undefined, name: string): Extension | undefined {
  return extensions?.find(({ url }) => url === backport + name);
}
