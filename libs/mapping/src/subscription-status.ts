import { type FhirRef, parseFhirRef } from '@bridge/contracts';
import type { Parameters, ParametersParameter, Resource, Subscription } from '@medplum/fhirtypes';

/** What a server says of a topic-based Subscription, in answer to `$status` or `$events`. */
export interface SubscriptionAnswer {
  readonly status: string | undefined;
  /** Events since it began. */
  readonly counter: number | undefined;
  readonly events: readonly { readonly number: number; readonly focus: FhirRef | undefined }[];
}

/** R4B and R5: as a resource of its own, which the R4 types do not have. */
interface SubscriptionStatus {
  readonly status?: string;
  readonly eventsSinceSubscriptionStart?: string | number;
  readonly notificationEvent?: readonly {
    readonly eventNumber?: string | number;
    readonly focus?: { readonly reference?: string };
  }[];
}

/** Extensions of an R4 Subscription by which it is a topic-based one (Subscriptions R5 Backport IG 1.1). */
export const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';

/**
 * Reads what `$status` or `$events` has answered: `Parameters` (R4) or `SubscriptionStatus` (R4B, R5). Numbers are
 * strings in JSON there (integer64); numbers are read as well.
 * @returns undefined when no resource among them is one
 */
export function readSubscriptionAnswer(resources: readonly Resource[]): SubscriptionAnswer | undefined {
  for (const resource of resources) {
    if (resource.resourceType === 'Parameters') return answerIn(resource);
    if (String(resource.resourceType) === 'SubscriptionStatus')
      return answerOf(resource as unknown as SubscriptionStatus);
  }
  return undefined;
}

/**
 * How often at least the server gives a sign of life: R4 as an extension, R5 as `heartbeatPeriod`.
 * @returns milliseconds; undefined where none was agreed
 */
export function heartbeatMsOf(subscription: Subscription): number | undefined {
  const extensions = [...(subscription.channel?.extension ?? []), ...(subscription.extension ?? [])];
  const extension = extensions.find(({ url }) => url === `${backport}backport-heartbeat-period`);
  const native = (subscription as { readonly heartbeatPeriod?: number }).heartbeatPeriod;
  const seconds = extension?.valueUnsignedInt ?? extension?.valueInteger ?? native;
  return seconds !== undefined && seconds > 0 ? seconds * 1_000 : undefined;
}

function answerIn({ parameter = [] }: Parameters): SubscriptionAnswer {
  const named = (name: string) => parameter.find((each) => each.name === name);
  const events = parameter.filter(({ name }) => name === 'notification-event').map(({ part = [] }) => part);
  return {
    status: named('status')?.valueCode,
    counter: numberOf(named('events-since-subscription-start')),
    events: events.flatMap((parts) => {
      const number = numberOf(parts.find(({ name }) => name === 'event-number'));
      const focus = parts.find(({ name }) => name === 'focus')?.valueReference?.reference;
      return number === undefined ? [] : [{ number, focus: parseFhirRef(focus) }];
    }),
  };
}

function answerOf(status: SubscriptionStatus): SubscriptionAnswer {
  return {
    status: status.status,
    counter: toNumber(status.eventsSinceSubscriptionStart),
    events: (status.notificationEvent ?? []).flatMap(({ eventNumber, focus }) => {
      const number = toNumber(eventNumber);
      return number === undefined ? [] : [{ number, focus: parseFhirRef(focus?.reference) }];
    }),
  };
}

function numberOf(parameter: ParametersParameter | undefined): number | undefined {
  return toNumber(parameter?.valueString ?? parameter?.valueInteger ?? parameter?.valueUnsignedInt);
}

function toNumber(value: string | number | undefined): number | undefined {
  const number = typeof value === 'string' && !/^\d+$/.test(value) ? NaN : Number(value ?? NaN);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
