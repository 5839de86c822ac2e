import { randomUUID } from 'node:crypto';
import type { Bundle, BundleEntry, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Version } from './resource-store';
import { backport, type TopicContent, type TopicHook } from './topic-subscription';

/** So many events of a Subscription can be asked for again. */
const keptEvents = 1_000;

export type NotificationType =
  'handshake' | 'heartbeat' | 'event-notification' | 'query-status' | 'query-event';

interface TopicEvent {
  readonly number: number;
  readonly version: Version;
}

interface EventLog {
  count: number;
  readonly events: TopicEvent[];
}

/** What a notification says of its Subscription. */
export interface TopicStatus {
  readonly id: string;
  readonly status: string;
  readonly hook: TopicHook;
}

/**
 * The numbered events of topic-based Subscriptions, and the Bundles that tell of them (Subscriptions R5 Backport IG 1.1,
 * R4: a `history` Bundle whose first entry is `Parameters`).
 */
export class TopicEvents {
  private readonly logs = new Map<string, EventLog>();

  constructor(private readonly baseUrl: string) {}

  /** Counts a change for a Subscription. @returns its number */
  note(subscriptionId: string, version: Version): number {
    const log = this.logOf(subscriptionId);
    log.count += 1;
    log.events.push({ number: log.count, version });
    if (log.events.length > keptEvents) log.events.shift();
    return log.count;
  }

  /** A Bundle that tells of the status, and of the events from `since` up to `until`, both included. */
  bundle(type: NotificationType, { id, status, hook }: TopicStatus, since = 1, until = 0): Bundle {
    const { count, events } = this.logOf(id);
    const told = events.filter(({ number }) => number >= since && number <= until);
    const parameter: ParametersParameter[] = [
      { name: 'subscription', valueReference: { reference: `${this.baseUrl}/Subscription/${id}` } },
      { name: 'topic', valueCanonical: hook.canonical },
      { name: 'status', valueCode: status },
      { name: 'type', valueCode: type },
      { name: 'events-since-subscription-start', valueString: String(count) },
      ...told.map((event) => this.eventParameter(event, hook.content)),
    ];
    const parameters: Parameters = {
      resourceType: 'Parameters',
      meta: { profile: [`${backport}backport-subscription-status-r4`] },
      parameter,
    };
    const first: BundleEntry = {
      fullUrl: `urn:uuid:${randomUUID()}`,
      resource: parameters,
      request: { method: 'GET', url: `Subscription/${id}/$status` },
      response: { status: '200' },
    };
    const rest = hook.content === 'empty' ? [] : told.map((event) => this.eventEntry(event, hook.content));
    return {
      resourceType: 'Bundle',
      type: type === 'query-status' ? 'searchset' : 'history',
      timestamp: new Date().toISOString(),
      entry: type === 'query-status' ? [{ resource: parameters }] : [first, ...rest],
    };
  }

  private eventParameter({ number, version }: TopicEvent, content: TopicContent): ParametersParameter {
    const { resourceType, id, lastUpdated } = version;
    const focus = { name: 'focus', valueReference: { reference: `${this.baseUrl}/${resourceType}/${id}` } };
    return {
      name: 'notification-event',
      part: [
        { name: 'event-number', valueString: String(number) },
        { name: 'timestamp', valueInstant: lastUpdated },
        ...(content === 'empty' ? [] : [focus]),
      ],
    };
  }

  private eventEntry({ version }: TopicEvent, content: TopicContent): BundleEntry {
    const { method, resourceType, id, created, resource } = version;
    return {
      fullUrl: `${this.baseUrl}/${resourceType}/${id}`,
      ...(content === 'full-resource' && resource ? { resource } : {}),
      request: { method, url: method === 'POST' ? resourceType : `${resourceType}/${id}` },
      response: { status: method === 'DELETE' ? '204' : created ? '201' : '200' },
    };
  }

  private logOf(subscriptionId: string): EventLog {
    const log = this.logs.get(subscriptionId) ?? { count: 0, events: [] };
    this.logs.set(subscriptionId, log);
    return log;
  }
}
