import type { Parameters, Resource, Subscription } from '@medplum/fhirtypes';
import { backport, heartbeatMsOf, readSubscriptionAnswer } from './subscription-status';

/** As the Subscriptions R5 Backport IG shows it for R4. */
const r4: Parameters = {
  resourceType: 'Parameters',
  parameter: [
    { name: 'subscription', valueReference: { reference: 'https://fhir.example/Subscription/s' } },
    { name: 'status', valueCode: 'active' },
    { name: 'type', valueCode: 'query-event' },
    { name: 'events-since-subscription-start', valueString: '7' },
    {
      name: 'notification-event',
      part: [
        { name: 'event-number', valueString: '6' },
        { name: 'timestamp', valueInstant: '2026-03-10T12:00:00Z' },
        { name: 'focus', valueReference: { reference: 'https://fhir.example/Communication/c' } },
      ],
    },
    { name: 'notification-event', part: [{ name: 'event-number', valueString: '7' }] },
    { name: 'notification-event', part: [{ name: 'event-number', valueString: 'seven' }] },
  ],
};

const r5 = {
  resourceType: 'SubscriptionStatus',
  status: 'error',
  eventsSinceSubscriptionStart: '7',
  notificationEvent: [{ eventNumber: 6, focus: { reference: 'Communication/c' } }, { eventNumber: '7' }],
} as unknown as Resource;

const events = [
  { number: 6, focus: 'Communication/c' },
  { number: 7, focus: undefined },
];

it('reads the Parameters of R4 and the SubscriptionStatus of R4B and R5 alike', () => {
  expect(readSubscriptionAnswer([r4])).toEqual({ status: 'active', counter: 7, events });
  expect(readSubscriptionAnswer([{ resourceType: 'Patient' }, r5])).toEqual({
    status: 'error',
    counter: 7,
    events,
  });
});

it('finds nothing in anything else', () => {
  expect(readSubscriptionAnswer([])).toBeUndefined();
  expect(readSubscriptionAnswer([{ resourceType: 'Bundle', type: 'history' }])).toBeUndefined();
});

it.each([
  ['as an extension of the channel', { channel: { extension: [period(30)] } }, 30_000],
  ['as R5 has it', { heartbeatPeriod: 20 }, 20_000],
  ['not at all', { channel: {} }, undefined],
  ['as none', { heartbeatPeriod: 0 }, undefined],
])('finds the period between signs of life %s', (_, subscription, ms) => {
  expect(heartbeatMsOf(subscription as unknown as Subscription)).toBe(ms);
});

function period(seconds: number) {
  return { url: `${backport}backport-heartbeat-period`, valueUnsignedInt: seconds };
}
