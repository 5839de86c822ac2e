import { readTopicNotification } from './topic-notification';

const event = (more: object = {}) => ({
  eventNumber: '2',
  timestamp: '2026-01-31T10:00:00.123+01:00',
  focus: { reference: 'Encounter/e-2' },
  ...more,
});
const status = (more: object = {}) => ({
  resourceType: 'SubscriptionStatus',
  status: 'active',
  type: 'event-notification',
  eventsSinceSubscriptionStart: '2',
  notificationEvent: [event()],
  subscription: { reference: 'https://example.org/fhir/Subscription/s-1' },
  topic: 'http://example.org/topic',
  ...more,
});
const read = (first: object | undefined, bundle: object = {}) =>
  readTopicNotification({
    resourceType: 'Bundle',
    type: 'subscription-notification',
    entry: [{ resource: first }],
    ...bundle,
  });

/** R4's Parameters, with the values under any of the names that servers use. */
const parameters = (parameter: object[]) => ({ resourceType: 'Parameters', parameter });

const told = {
  subscription: 's-1',
  kind: 'event-notification',
  status: 'active',
  eventsSinceStart: 2,
  events: [{ number: 2, focus: 'Encounter/e-2' }],
};

describe('readTopicNotification', () => {
  it('reads a SubscriptionStatus in both types of Bundle', () => {
    for (const type of ['subscription-notification', 'history']) {
      expect(read(status(), { type })).toEqual({ form: 'topic', told, isUnique: true });
    }
  });

  it('reads R4 Parameters as the SubscriptionStatus that they stand for', () => {
    const first = parameters([
      { name: 'subscription', valueReference: { reference: 'Subscription/s-1' } },
      { name: 'topic', valueCanonical: 'http://example.org/topic' },
      { name: 'status', valueCode: 'active' },
      { name: 'type', valueCode: 'event-notification' },
      { name: 'events-since-subscription-start', valueString: '2' },
      {
        name: 'notification-event',
        part: [
          { name: 'event-number', valueString: '2' },
          { name: 'timestamp', valueInstant: '2026-01-31T10:00:00.123+01:00' },
          { name: 'focus', valueReference: { reference: 'Encounter/e-2' } },
        ],
      },
    ]);
    expect(read(first, { type: 'history' })).toEqual({ form: 'topic', told, isUnique: true });
  });

  it.each(['handshake', 'heartbeat', 'event-notification', 'query-status', 'query-event'])(
    'reads the kind %s',
    (type) => {
      expect(read(status({ type }))).toMatchObject({ told: { kind: type } });
    },
  );

  it.each([
    ['2', 2],
    [2, 2],
    ['0', 0],
    ['999999999999999', 999_999_999_999_999],
  ])('reads the number %j', (eventNumber, number) => {
    const first = status({
      eventsSinceSubscriptionStart: eventNumber,
      notificationEvent: [event({ eventNumber })],
    });
    expect(read(first)).toMatchObject({ told: { eventsSinceStart: number, events: [{ number }] } });
  });

  it.each(['-1', '1.5', '', 'two', -1, 1.5, null, '1e3', '9999999999999999'])(
    'refuses the number %j',
    (eventNumber) => {
      const form = 'a SubscriptionStatus of another form';
      expect(read(status({ notificationEvent: [event({ eventNumber })] }))).toEqual({
        form: 'malformed',
        fault: form,
      });
      expect(read(status({ eventsSinceSubscriptionStart: eventNumber }))).toEqual({
        form: 'malformed',
        fault: form,
      });
    },
  );

  it.each([
    ['Encounter/Encounter/e-2', 'Encounter/e-2'],
    ['https://example.org/fhir/Encounter/e-2/_history/3', 'Encounter/e-2'],
    ['urn:uuid:5f4e', undefined],
    ['#contained', undefined],
  ])('reads the focus %s as %s', (reference, focus) => {
    expect(read(status({ notificationEvent: [event({ focus: { reference } })] }))).toMatchObject({
      told: { events: [focus ? { number: 2, focus } : { number: 2 }] },
    });
  });

  it('does without what it does not need', () => {
    const first = status({
      status: 'nonsense',
      eventsSinceSubscriptionStart: undefined,
      notificationEvent: [{ eventNumber: 1, timestamp: 7, focus: 'x' }],
    });
    expect(read(first)).toEqual({
      form: 'topic',
      told: { subscription: 's-1', kind: 'event-notification', events: [{ number: 1 }] },
      isUnique: false,
    });
    expect(read(status({ notificationEvent: undefined }))).toMatchObject({ told: { events: [] } });
  });

  it.each([
    ['no type', status({ type: undefined })],
    ['an unknown type', status({ type: 'gossip' })],
    ['no subscription', status({ subscription: undefined })],
    ['events that are no list', status({ notificationEvent: {} })],
    ['Parameters that are no list', { resourceType: 'Parameters', parameter: {} }],
    ['Parameters without a list', { resourceType: 'Parameters' }],
    ['nothing in its Parameters', parameters([])],
    ['null in its Parameters', parameters([null as never])],
  ])('refuses a status with %s', (_case, first) => {
    expect(read(first)).toEqual({ form: 'malformed', fault: 'a SubscriptionStatus of another form' });
  });

  it.each(['urn:uuid:5f4e', 'Patient/s-1', 's-1'])('refuses %s as the Subscription', (reference) => {
    expect(read(status({ subscription: { reference } }))).toEqual({
      form: 'malformed',
      fault: 'a SubscriptionStatus without its Subscription',
    });
  });

  it('refuses a status in a Bundle of another type', () => {
    expect(read(status(), { type: 'searchset' })).toMatchObject({ form: 'malformed' });
  });

  it.each([
    ['no entries', { entry: [] }],
    ['another resource first', { entry: [{ resource: { resourceType: 'Task' } }, { resource: status() }] }],
    ['no resource first', { entry: [{ fullUrl: 'urn:uuid:1' }] }],
  ])('leaves a Bundle with %s to others', (_case, bundle) => {
    expect(read(undefined, bundle)).toBeUndefined();
  });

  it.each([
    [
      'the Bundle has an instant',
      status({ notificationEvent: [event({ timestamp: undefined })] }),
      { timestamp: '2026-01-31T10:00:00Z' },
      true,
    ],
    ['every event has an instant', status(), {}, true],
    [
      'one event has none',
      status({ notificationEvent: [event(), event({ timestamp: undefined })] }),
      {},
      false,
    ],
    [
      'an event has a date alone',
      status({ notificationEvent: [event({ timestamp: '2026-01-31' })] }),
      {},
      false,
    ],
    ['the Bundle has a date alone', status({ notificationEvent: [] }), { timestamp: '2026-01-31' }, false],
    ['there are no events', status({ type: 'heartbeat', notificationEvent: [] }), {}, false],
  ])('when %s, tells whether its bytes are its own', (_case, first, bundle, isUnique) => {
    expect(read(first, bundle)).toMatchObject({ isUnique });
  });
});
