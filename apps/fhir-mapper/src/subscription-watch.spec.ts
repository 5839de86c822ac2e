import type { FhirRef, MessageOf } from '@bridge/contracts';
import { type FhirClient, FhirRefusal, type SubscriptionOperations } from '@bridge/fhir';
import type { SubscriptionState, SubscriptionStateStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import type { QueuePublisher } from '@bridge/queue';
import type { Parameters, Resource, Subscription } from '@medplum/fhirtypes';
import type { MapperConfig } from './mapper-config';
import type { SubscriptionTimer } from './subscription-timer';
import type { AuditedRecord } from './audited-record';
import { SubscriptionWatch } from './subscription-watch';

type Notified = MessageOf<'fhir.notified'>;

const key = { source: 'ehr', subscription: 's' };
const start = Date.parse('2026-03-10T12:00:00Z');
const refusal = new FhirRefusal(404, 'do it', '');

/** A FHIR server with one Subscription, which can do as much as a test says. */
class World {
  state: SubscriptionState | undefined;
  readonly pulls: object[] = [];
  readonly asked: string[] = [];
  readonly written: Subscription[] = [];
  subscription: Subscription | undefined | 'refused' = subscriptionIn('active');
  events: (since: number, until: number) => Resource[] | undefined = () => undefined;
  status: () => Resource[] | undefined = () => undefined;
  refusesChanges = false;
  readonly watch: SubscriptionWatch;

  constructor() {
    const fhir = {
      read: async () => {
        if (this.subscription === 'refused') throw refusal;
        return this.subscription;
      },
      change: async (_ref: FhirRef, change: (current: Subscription) => Subscription | undefined) => {
        const changed = change(this.subscription as Subscription);
        if (changed && this.refusesChanges) throw refusal;
        if (changed) this.written.push(changed);
        return changed !== undefined;
      },
    };
    const operations = {
      events: async (_: string, since: number, until: number) => {
        this.asked.push(`$events ${since}-${until}`);
        return this.events(since, until);
      },
      status: async () => {
        this.asked.push('$status');
        return this.status();
      },
    };
    const states = {
      find: async () => this.state,
      forget: async () => void (this.state = undefined),
      change: async (_key: object, change: (known?: SubscriptionState) => SubscriptionState | undefined) =>
        (this.state = change(this.state) ?? this.state),
    };
    const publisher = {
      publish: async (_kind: string, _key: string, message: object) => void this.pulls.push(message),
    };
    this.watch = new SubscriptionWatch(
      fhir as unknown as FhirClient,
      fhir as unknown as AuditedRecord,
      operations as unknown as SubscriptionOperations,
      states as unknown as SubscriptionStateStore,
      publisher as unknown as QueuePublisher,
      { wakeFor: () => undefined } as unknown as SubscriptionTimer,
      { subscriptionGraceMs: 5_000 } as MapperConfig,
      new Metrics(),
    );
  }

  async hears(numbers: number[], more: Partial<Notified> = {}): Promise<void> {
    await this.watch.heard({
      ...key,
      kind: 'event-notification',
      events: numbers.map((number) => ({ number })),
      ...more,
    });
  }

  /** As the timer has it done when this much time has passed. */
  async after(ms: number): Promise<void> {
    jest.setSystemTime(Date.now() + ms);
    await this.watch.look(key);
  }
}

function subscriptionIn(status: Subscription['status'], heartbeat?: number): Subscription {
  const period = {
    url: 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-heartbeat-period',
    valueUnsignedInt: heartbeat,
  };
  return {
    resourceType: 'Subscription',
    id: 's',
    status,
    reason: 'test',
    criteria: 'urn:topic',
    channel: { type: 'rest-hook', ...(heartbeat ? { extension: [period] } : {}) },
  };
}

function answer(status: string, counter: number, events: Record<number, string> = {}): Parameters[] {
  const event = ([number, reference]: [string, string]) => ({
    name: 'notification-event',
    part: [
      { name: 'event-number', valueString: number },
      { name: 'focus', valueReference: { reference } },
    ],
  });
  return [
    {
      resourceType: 'Parameters',
      parameter: [
        { name: 'status', valueCode: status },
        { name: 'events-since-subscription-start', valueString: String(counter) },
        ...Object.entries(events).map(event),
      ],
    },
  ];
}

let world: World;

beforeEach(() => {
  jest.useFakeTimers({ now: start });
  world = new World();
});

afterEach(() => void jest.useRealTimers());

describe('a gap', () => {
  it('is left alone for the grace period, and for good when what was missing arrives', async () => {
    await world.hears([1]);
    await world.after(0);
    await world.hears([3]);
    await world.after(4_999);
    await world.hears([2]);
    await world.after(60_000);
    expect(world.asked.filter((asked) => asked.startsWith('$events'))).toEqual([]);
    expect(world.state).toMatchObject({ upTo: 3, gapDueAt: null });
  });

  it('is asked for once, and the types of what was lost are read', async () => {
    world.events = () => answer('active', 5, { 2: 'CareTeam/a', 3: 'Task/b', 4: 'CareTeam/c', 5: 'Flag/d' });
    await world.hears([1]);
    await world.hears([5]);
    await world.hears([3]);
    await world.after(5_000);
    expect(world.asked).toContain('$events 2-5');
    expect(world.pulls).toEqual([{ source: 'ehr', types: ['CareTeam'] }]);
    expect(world.state).toMatchObject({ upTo: 5, ahead: [], gapDueAt: null });
    await world.after(60_000);
    expect(world.pulls).toHaveLength(1);
  });

  it.each([
    ['has no $events', () => undefined],
    ['keeps some of the events only', () => answer('active', 4, { 3: 'CareTeam/a' })],
    ['answers with something else', () => [{ resourceType: 'Patient' }] as Resource[]],
  ])('leads to a pull of everything where the server %s', async (_, events) => {
    world.events = events;
    await world.hears([1]);
    await world.hears([4]);
    await world.after(5_000);
    expect(world.pulls).toEqual([{ source: 'ehr' }]);
    expect(world.state).toMatchObject({ upTo: 4, gapDueAt: null });
  });

  it('of very many events is not asked for, but read past', async () => {
    await world.hears([1]);
    await world.hears([Number.MAX_SAFE_INTEGER]);
    await world.after(5_000);
    expect(world.asked).toEqual(['$status']);
    expect(world.pulls).toEqual([{ source: 'ehr' }]);
    expect(world.state).toMatchObject({ upTo: Number.MAX_SAFE_INTEGER, gapDueAt: null });
  });

  it('that opens while another is being asked for has a grace period of its own', async () => {
    world.events = () => {
      void world.hears([8]);
      return answer('active', 3, { 2: 'CareTeam/a' });
    };
    await world.hears([1]);
    await world.hears([3]);
    await world.after(5_000);
    expect(world.state).toMatchObject({ upTo: 3, ahead: [8] });
    expect(world.state?.gapDueAt?.getTime()).toBe(Date.now() + 5_000);
  });
});

describe('silence', () => {
  beforeEach(async () => {
    world.subscription = subscriptionIn('active', 30);
    await world.hears([1]);
    await world.after(0);
    world.asked.length = 0;
  });

  it('is looked into after two periods without a sign of life, not before', async () => {
    world.status = () => answer('active', 1);
    await world.after(59_999);
    await world.hears([], { kind: 'heartbeat', eventsSinceStart: 1 });
    await world.after(59_999);
    expect(world.asked).toEqual([]);
    await world.after(1);
    expect(world.asked).toEqual(['$status']);
    expect(world.pulls).toEqual([]);
    await world.after(60_000);
    expect(world.asked).toEqual(['$status', '$status']);
  });

  it('in which events were lost shows them as a gap', async () => {
    world.status = () => answer('active', 4);
    await world.after(60_000);
    expect(world.state).toMatchObject({ upTo: 1, told: 4 });
    await world.after(5_000);
    expect(world.asked).toContain('$events 2-4');
  });

  it('of a server that has no $status is answered by a pull of everything', async () => {
    await world.after(60_000);
    expect(world.pulls).toEqual([{ source: 'ehr' }]);
  });

  it('after which the counter has begun again leaves no gap', async () => {
    await world.hears([2, 3, 4]);
    world.status = () => answer('active', 1);
    await world.after(60_000);
    expect(world.state).toMatchObject({ upTo: 1, told: 1, gapDueAt: null });
    await world.hears([2]);
    expect(world.state).toMatchObject({ upTo: 2, gapDueAt: null });
  });
});

describe('an error', () => {
  it('that a notification tells of is recovered from: read, requested again, read once more', async () => {
    world.subscription = { ...subscriptionIn('error'), error: 'timeout' };
    await world.hears([1], { status: 'error' });
    await world.after(0);
    expect(world.written).toMatchObject([{ id: 's', status: 'requested', error: undefined }]);
    expect(world.pulls).toEqual([{ source: 'ehr' }, { source: 'ehr' }]);
  });

  it('that stays is tried to be ended once a minute', async () => {
    world.subscription = subscriptionIn('error');
    await world.hears([1], { status: 'error' });
    await world.after(0);
    await world.hears([2], { status: 'error' });
    await world.after(59_000);
    expect(world.written).toHaveLength(1);
    await world.after(1_000);
    expect(world.written).toHaveLength(2);
  });

  it('of a Subscription that the bridge may not write is read past all the same', async () => {
    world.subscription = subscriptionIn('error');
    world.refusesChanges = true;
    await world.hears([1], { status: 'error' });
    await world.after(0);
    expect(world.pulls).toHaveLength(2);
    expect(world.written).toEqual([]);
  });

  it('that $status alone tells of counts as well', async () => {
    world.status = () => answer('error', 1);
    world.subscription = subscriptionIn('error');
    await world.hears([1]);
    await world.after(0);
    expect(world.written).toHaveLength(1);
  });
});

describe('a Subscription that is new to the bridge', () => {
  it('is looked up at once, and not again where no signs of life were agreed', async () => {
    await world.hears([], { kind: 'handshake', status: 'requested', eventsSinceStart: 0 });
    await world.hears([1]);
    await world.after(0);
    expect(world.state).toMatchObject({ heartbeatMs: 0, checkDueAt: null });
    await world.hears([2]);
    expect(world.state?.checkDueAt).toBeNull();
  });

  it('which it may not read is followed by its numbers alone', async () => {
    world.subscription = 'refused';
    await world.hears([1]);
    await world.after(0);
    expect(world.state).toMatchObject({ upTo: 1, heartbeatMs: 0, checkDueAt: null });
  });

  it('and not on the server any more is forgotten', async () => {
    world.subscription = undefined;
    await world.hears([1]);
    await world.after(0);
    expect(world.state).toBeUndefined();
  });
});
