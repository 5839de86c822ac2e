import { type AsSent, communication, hapiContent } from './notification-as-sent';

/*
 * Where the forms are from: the examples of FHIR R5 "SubscriptionStatus" and of the Subscriptions R5 Backport
 * implementation guide 1.1.0; HAPI FHIR 8, topic/SubscriptionTopicPayloadBuilder.
 */

const toBase = (
  body: object,
  headers: AsSent['headers'] = { 'content-type': 'application/fhir+json' },
): AsSent => ({
  method: 'POST',
  target: '/notify/ehr',
  headers,
  body: JSON.stringify(body),
});

const REQUEST_STATUS = { method: 'GET', url: 'https://example.org/fhir/Subscription/admission/$status' };

/** R4: Parameters in a Bundle of type history. */
function r4Bundle(parameter: object[], entries: object[] = []): object {
  return {
    resourceType: 'Bundle',
    id: '3945182f-d315-4dbf-9259-09d863c7e7da',
    meta: {
      profile: [
        'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-notification-r4',
      ],
    },
    type: 'history',
    timestamp: '2026-01-31T10:44:13.1882432-05:00',
    entry: [
      {
        fullUrl: 'urn:uuid:2efc9d6e-5a4a-4d1c-8a3c-3c0f2e7a3d2f',
        resource: {
          resourceType: 'Parameters',
          id: '2efc9d6e-5a4a-4d1c-8a3c-3c0f2e7a3d2f',
          parameter: [
            {
              name: 'subscription',
              valueReference: { reference: 'https://example.org/fhir/Subscription/admission' },
            },
            { name: 'topic', valueCanonical: 'http://example.org/FHIR/SubscriptionTopic/admission' },
            ...parameter,
          ],
        },
        request: REQUEST_STATUS,
        response: { status: '200' },
      },
      ...entries,
    ],
  };
}

export const r4Handshake = toBase(
  r4Bundle([
    { name: 'status', valueCode: 'requested' },
    { name: 'type', valueCode: 'handshake' },
    { name: 'events-since-subscription-start', valueString: '0' },
  ]),
  { 'content-type': 'application/fhir+json;fhirVersion=4.0' },
);

export const r4Empty = toBase(
  r4Bundle([
    { name: 'status', valueCode: 'active' },
    { name: 'type', valueCode: 'event-notification' },
    { name: 'events-since-subscription-start', valueString: '2' },
    {
      name: 'notification-event',
      part: [
        { name: 'event-number', valueString: '2' },
        { name: 'timestamp', valueInstant: '2026-01-31T15:44:13.1882432-05:00' },
      ],
    },
  ]),
);

export const r4FullResource = toBase(
  r4Bundle(
    [
      { name: 'status', valueCode: 'active' },
      { name: 'type', valueCode: 'event-notification' },
      { name: 'events-since-subscription-start', valueString: '3' },
      {
        name: 'notification-event',
        part: [
          { name: 'event-number', valueString: '3' },
          { name: 'timestamp', valueInstant: '2026-01-31T15:44:13.1882432-05:00' },
          { name: 'focus', valueReference: { reference: 'https://example.org/fhir/Communication/c-3' } },
        ],
      },
    ],
    [
      {
        fullUrl: 'https://example.org/fhir/Communication/c-3',
        resource: communication('c-3'),
        request: { method: 'POST', url: 'Communication' },
        response: { status: '201' },
      },
    ],
  ),
);

/** HAPI counts from 1 again after a restart, and has no instant that would tell the two apart. */
export const hapiR4Topic = toBase(
  {
    resourceType: 'Bundle',
    type: 'history',
    entry: [
      {
        fullUrl: 'urn:uuid:b21e4fae-ce73-45cb-8e37-1e203362b2ae',
        resource: {
          resourceType: 'Parameters',
          id: 'b21e4fae-ce73-45cb-8e37-1e203362b2ae',
          meta: {
            profile: [
              'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4',
            ],
          },
          parameter: [
            { name: 'subscription', valueReference: { reference: 'Subscription/1002' } },
            { name: 'topic', valueCanonical: 'http://example.org/topic' },
            { name: 'status', valueCode: 'active' },
            { name: 'type', valueCode: 'event-notification' },
            { name: 'events-since-subscription-start', valueString: '1' },
            {
              name: 'notification-event',
              part: [
                { name: 'event-number', valueString: '1' },
                { name: 'timestamp', valueDate: '2026-01-31' },
                { name: 'focus', valueReference: { reference: 'Communication/Communication/1007' } },
              ],
            },
          ],
        },
      },
      {
        fullUrl: 'Communication/1007',
        resource: communication('1007'),
        request: { method: 'PUT', url: 'Communication/1007' },
      },
    ],
  },
  hapiContent,
);

interface Status {
  readonly type: string;
  readonly status?: string;
  readonly count: string | number;
  readonly events?: readonly object[];
}

/** R4B and R5: a SubscriptionStatus. */
function statusBundle(
  bundleType: string,
  { type, status = 'active', count, events }: Status,
  entries: object[] = [],
): object {
  return {
    resourceType: 'Bundle',
    type: bundleType,
    timestamp: '2026-01-31T10:44:13.188-05:00',
    entry: [
      {
        fullUrl: 'urn:uuid:b21e4fae-ce73-45cb-8e37-1e203362b2ae',
        resource: {
          resourceType: 'SubscriptionStatus',
          id: 'b21e4fae-ce73-45cb-8e37-1e203362b2ae',
          status,
          type,
          eventsSinceSubscriptionStart: count,
          ...(events && { notificationEvent: events }),
          subscription: { reference: 'https://example.org/fhir/Subscription/admission' },
          topic: 'https://example.org/fhir/SubscriptionTopic/admission',
        },
        request: REQUEST_STATUS,
        response: { status: '200' },
      },
      ...entries,
    ],
  };
}

const event = (eventNumber: string | number, focus: string): object => ({
  eventNumber,
  timestamp: '2026-01-31T10:44:13.188-05:00',
  focus: { reference: focus },
});

/** The count as a number, as servers of R4B send it; and no time, so that one heartbeat is as the other. */
export const r4bHeartbeat = toBase(
  { ...statusBundle('history', { type: 'heartbeat', count: 2 }), timestamp: undefined },
  { 'content-type': 'application/fhir+json; fhirVersion=4.3' },
);

const r5Headers = { 'content-type': 'application/fhir+json; fhirVersion=5.0' };

export const r5IdOnly = toBase(
  statusBundle(
    'subscription-notification',
    {
      type: 'event-notification',
      count: '310',
      events: [
        event('309', 'https://example.org/fhir/Communication/c-8'),
        event('310', 'https://example.org/fhir/Communication/c-9'),
      ],
    },
    [
      {
        fullUrl: 'https://example.org/fhir/Communication/c-9',
        request: { method: 'POST', url: 'Communication' },
        response: { status: '201' },
      },
    ],
  ),
  r5Headers,
);

export const r5FullResource = toBase(
  statusBundle(
    'subscription-notification',
    { type: 'event-notification', count: '4', events: [event(4, 'Communication/c-4')] },
    [
      {
        fullUrl: 'https://example.org/fhir/Communication/c-4',
        resource: communication('c-4'),
        request: { method: 'PUT', url: 'Communication/c-4' },
        response: { status: '200' },
      },
    ],
  ),
  r5Headers,
);

export const r5Query = (type: 'query-status' | 'query-event'): AsSent =>
  toBase(
    statusBundle('subscription-notification', {
      type,
      count: '4',
      events: [event('4', 'Communication/c-4')],
    }),
    r5Headers,
  );

export const r5Error = toBase(
  statusBundle('subscription-notification', { type: 'query-status', status: 'error', count: '3' }),
  r5Headers,
);

/** A server that was away for long and tells all of it at once. */
export const r5Many = (count: number): AsSent =>
  toBase(
    statusBundle('subscription-notification', {
      type: 'event-notification',
      count: String(count),
      events: Array.from({ length: count }, (_, index) => event(String(index + 1), `Communication/${index}`)),
    }),
    r5Headers,
  );

export const r5WithoutNumber = toBase(
  statusBundle('subscription-notification', {
    type: 'event-notification',
    count: '1',
    events: [{ focus: { reference: 'Communication/c-1' } }],
  }),
  r5Headers,
);
