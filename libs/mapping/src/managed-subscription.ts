import type { CapabilityStatement, Coding, Subscription } from '@medplum/fhirtypes';
import { systems } from './fhir-systems';
import { backport } from './subscription-status';

/** What the bridge's own Subscriptions have in common. */
export interface ManagedSubscriptions {
  /** Our server name: several bridges may share one FHIR server. */
  readonly serverName: string;
  /** Where notifications go. */
  readonly endpoint: string;
  /** Header lines of each notification: what the source shows that it is one. */
  readonly headers: readonly string[];
  /** The canonical URL of the topic that tells of a resource type, where the operator names one. */
  readonly topics: Readonly<Record<string, string>>;
}

/** So often a server shall give a sign of life, in seconds. */
const heartbeatSeconds = 60;

/** Tags all Subscriptions of this bridge, and no others. R4 gives a Subscription no identifier. */
export function ownTag({ serverName }: Pick<ManagedSubscriptions, 'serverName'>): Coding {
  return { system: systems.bridgeTag, code: `subscription:${serverName}` };
}

/** Tags the one for a resource type: what the conditional create looks for. */
export function ownTagFor(type: string, { serverName }: Pick<ManagedSubscriptions, 'serverName'>): Coding {
  return { system: systems.bridgeTag, code: `subscription:${serverName}:${type}` };
}

/** As a search parameter's value. */
export function tokenOf({ system, code }: Coding): string {
  return `${system}|${code}`;
}

/**
 * The topics that the server says it has (Subscriptions R5 Backport IG, CapabilityStatement, extension
 * `capability-subscriptiontopic-canonical`). R4 has no resource that tells what a topic is about.
 */
export function advertisedTopics(statement: CapabilityStatement | undefined): ReadonlySet<string> {
  const resources = statement?.rest?.flatMap(({ resource = [] }) => resource) ?? [];
  const extensions = resources
    .filter(({ type }) => String(type) === 'Subscription')
    .flatMap(({ extension = [] }) => extension);
  const canonicals = extensions
    .filter(({ url }) => url === `${backport}capability-subscriptiontopic-canonical`)
    .map(({ valueCanonical }) => valueCanonical);
  return new Set(canonicals.filter((canonical) => canonical !== undefined));
}

/**
 * The Subscription that the bridge wants for a resource type, without content, as the Dutch agreements demand:
 * topic-based where the server advertises the topic that was named for the type, otherwise a classic one.
 */
export function managedSubscription(
  type: string,
  managed: ManagedSubscriptions,
  advertised: ReadonlySet<string>,
): Subscription {
  const topic = managed.topics[type];
  const { endpoint } = managed;
  const tag = [ownTag(managed), ownTagFor(type, managed)];
  const common = {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'Keeps Matrix in step with the record',
  } as const;
  const channel = { type: 'rest-hook' as const, endpoint, header: [...managed.headers] };
  if (!topic || !advertised.has(topic)) return { ...common, meta: { tag }, criteria: `${type}?`, channel };
  return {
    ...common,
    meta: { tag, profile: [`${backport}backport-subscription`] },
    criteria: topic,
    channel: {
      ...channel,
      extension: [{ url: `${backport}backport-heartbeat-period`, valueUnsignedInt: heartbeatSeconds }],
      payload: 'application/fhir+json',
      ...{ _payload: { extension: [{ url: `${backport}backport-payload-content`, valueCode: 'empty' }] } },
    },
  };
}

/** The resource type that one of the bridge's own is for; undefined for every other Subscription. */
export function typeOfOwn(
  { meta }: Subscription,
  managed: Pick<ManagedSubscriptions, 'serverName'>,
): string | undefined {
  const start = `${ownTag(managed).code}:`;
  const own = meta?.tag?.find(
    ({ system, code }) => system === systems.bridgeTag && code?.startsWith(start) === true,
  );
  return own?.code?.slice(start.length);
}

/**
 * Mends one of the bridge's own: the server has set it to error or off, or it was made with other settings.
 * @returns undefined when it is as it should be
 */
export function mended(current: Subscription, wanted: Subscription): Subscription | undefined {
  const works = current.status === 'active' || current.status === 'requested';
  if (works && saysTheSame(current, wanted)) return undefined;
  return { ...wanted, id: current.id, meta: { ...current.meta, ...wanted.meta } };
}

function saysTheSame(one: Subscription, other: Subscription): boolean {
  const facts = ({ criteria, channel }: Subscription) =>
    JSON.stringify([criteria, channel.type, channel.endpoint, channel.header, channel.payload]);
  return facts(one) === facts(other);
}
