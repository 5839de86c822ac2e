import { idOf, parseFhirRef, typeOf } from '@bridge/contracts';
import { z } from 'zod';
import type { Notification } from './notification-body';

/*
 * Notifications of topic-based Subscriptions: FHIR R5 and R4B, "Subscriptions", and the Subscriptions R5 Backport
 * implementation guide for R4. A Bundle whose first entry is the SubscriptionStatus, in R4 as Parameters.
 */

/** `integer64` is a string in JSON; R4 has it as `valueString`, older servers send a number. */
const Count = z.union([
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
  z.int().nonnegative(),
]);
/** With a time: a date alone (HAPI, for R4) does not tell two events apart. */
const Instant = z.iso.datetime({ offset: true });
const Reference = z.looseObject({ reference: z.string() });

/** Leaves out what is not as it should be where the rest says enough without it. */
const SubscriptionStatus = z.object({
  type: z.enum(['handshake', 'heartbeat', 'event-notification', 'query-status', 'query-event']),
  status: z.enum(['requested', 'active', 'error', 'off', 'entered-in-error']).optional().catch(undefined),
  eventsSinceSubscriptionStart: Count.optional(),
  subscription: Reference,
  notificationEvent: z
    .array(
      z.object({
        eventNumber: Count,
        timestamp: Instant.optional().catch(undefined),
        focus: Reference.optional().catch(undefined),
      }),
    )
    .default([]),
});

const Bundle = z.object({
  type: z.string(),
  timestamp: Instant.optional().catch(undefined),
  entry: z.array(z.looseObject({ resource: z.looseObject({ resourceType: z.string() }).optional() })).min(1),
});

/** `value[x]` of R4 is any key that begins so. */
const Parameter = z.looseObject({ name: z.string(), part: z.array(z.unknown()).optional() });
const Parameters = z.object({ parameter: z.array(z.unknown()) });

/**
 * Reads a Bundle as the notification of a topic-based Subscription. Of its resources nothing is taken.
 * @returns undefined for a Bundle of another kind
 */
export function readTopicNotification(content: unknown): Notification | undefined {
  const bundle = Bundle.safeParse(content);
  if (!bundle.success) return undefined;
  const first = bundle.data.entry[0]?.resource;
  if (first?.resourceType !== 'SubscriptionStatus' && first?.resourceType !== 'Parameters') return undefined;
  if (bundle.data.type !== 'history' && bundle.data.type !== 'subscription-notification') {
    return { form: 'malformed', fault: 'a SubscriptionStatus in a Bundle of another type' };
  }
  const status = SubscriptionStatus.safeParse(first.resourceType === 'Parameters' ? statusOf(first) : first);
  if (!status.success) return { form: 'malformed', fault: 'a SubscriptionStatus of another form' };
  const { type: kind, subscription, eventsSinceSubscriptionStart, notificationEvent } = status.data;
  const ref = parseFhirRef(subscription.reference);
  if (!ref || typeOf(ref) !== 'Subscription') {
    return { form: 'malformed', fault: 'a SubscriptionStatus without its Subscription' };
  }
  const events = notificationEvent.map(({ eventNumber, focus }) => ({
    number: eventNumber,
    // Leniently, by the last two segments: HAPI may name it Type/Type/id.
    ...focusOf(focus?.reference),
  }));
  const areTimed = events.length > 0 && notificationEvent.every(({ timestamp }) => timestamp !== undefined);
  return {
    form: 'topic',
    told: {
      subscription: idOf(ref),
      kind,
      ...(status.data.status && { status: status.data.status }),
      ...(eventsSinceSubscriptionStart !== undefined && { eventsSinceStart: eventsSinceSubscriptionStart }),
      events,
    },
    isUnique: bundle.data.timestamp !== undefined || areTimed,
  };
}

function focusOf(reference: string | undefined) {
  const focus = parseFhirRef(reference);
  return focus && { focus };
}

/** The names of R4's Parameters (profile backport-subscription-status-r4) and those of SubscriptionStatus. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['subscription', 'subscription'],
  ['status', 'status'],
  ['type', 'type'],
  ['events-since-subscription-start', 'eventsSinceSubscriptionStart'],
  ['event-number', 'eventNumber'],
  ['timestamp', 'timestamp'],
  ['focus', 'focus'],
]);

/** R4's Parameters as the SubscriptionStatus that they stand for. */
function statusOf(parameters: unknown): unknown {
  const read = Parameters.safeParse(parameters);
  if (!read.success) return undefined;
  const events = read.data.parameter
    .map((each) => Parameter.safeParse(each).data)
    .filter((each) => each?.name === 'notification-event');
  return {
    ...named(read.data.parameter),
    notificationEvent: events.map((event) => named(event?.part ?? [])),
  };
}

function named(parameters: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(
    parameters.flatMap((each) => {
      const { data } = Parameter.safeParse(each);
      const name = NAMES.get(data?.name ?? '');
      const value = Object.entries(data ?? {}).find(([key]) => /^value[A-Z]/.test(key));
      return name && value ? [[name, value[1]]] : [];
    }),
  );
}
