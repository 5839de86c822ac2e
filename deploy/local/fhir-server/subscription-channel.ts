import {
  OperationOutcomeError,
  type SearchRequest,
  badRequest,
  businessRule,
  normalizeErrorString,
  parseSearchRequest,
} from '@medplum/core';
import type { ResourceType, Subscription } from '@medplum/fhirtypes';
import { isR4ResourceType } from './fhir-definitions';
import { supportedSearch } from './supported-search';
import { type TopicHook, topicHookOf } from './topic-subscription';

const jsonTypes = ['application/fhir+json', 'application/json'];

/** What a Subscription asks for, ready for use. */
export interface RestHook {
  readonly criteria: SearchRequest;
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** False: an empty POST as a sign to come and look. True: the resource itself, as an update. */
  readonly withPayload: boolean;
  /** For a topic-based one: numbered events in Bundles, whatever the payload. */
  readonly topic: TopicHook | undefined;
}

/**
 * Refuses a Subscription that this server could never serve, at the moment it is written.
 *
 * @throws OperationOutcomeError (422) with the reason
 */
export function checkSubscription(subscription: Subscription): void {
  if (!['requested', 'active', 'error', 'off'].includes(subscription.status)) {
    throw new OperationOutcomeError(
      badRequest('Subscription.status is not one of its value set', 'Subscription.status'),
    );
  }
  restHookOf(subscription);
}

/**
 * Reads the rest-hook channel and the criteria (R4, subscription.html).
 *
 * @throws OperationOutcomeError (422) for another channel type, an XML payload, or criteria that cannot be matched
 */
export function restHookOf(subscription: Subscription): RestHook {
  const { criteria, channel } = subscription;
  const topic = topicHookOf(subscription);
  if (channel.type !== 'rest-hook') refuse('only channel.type rest-hook is supported');
  if (!channel.endpoint || !URL.canParse(channel.endpoint) || !/^https?:/.test(channel.endpoint)) {
    refuse('channel.endpoint must be an http(s) URL');
  }
  const payload = channel.payload?.split(';')[0]?.trim();
  if (payload && !jsonTypes.includes(payload))
    refuse('channel.payload must be application/fhir+json or absent');
  return {
    criteria: topic ? { resourceType: topic.resourceType as ResourceType } : parseCriteria(criteria),
    endpoint: channel.endpoint.replace(/\/+$/, ''),
    headers: Object.fromEntries((channel.header ?? []).map(parseHeader)),
    withPayload: Boolean(payload),
    topic,
  };
}

function parseCriteria(criteria: string): SearchRequest {
  const [resourceType = ''] = criteria.split('?');
  if (!isR4ResourceType(resourceType)) refuse('criteria must begin with a resource type');
  try {
    return supportedSearch(parseSearchRequest(criteria));
  } catch (error) {
    return refuse(`criteria: ${normalizeErrorString(error)}`);
  }
}

/** Split at the first colon only: a value may hold more of them. */
function parseHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 1) refuse('channel.header must have the form "Name: value"');
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

function refuse(reason: string): never {
  throw new OperationOutcomeError(businessRule('subscription', `Subscription: ${reason}`));
}
