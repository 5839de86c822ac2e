import type { SubscriptionStateStore } from '@bridge/persistence';
import type { QueuePublisher } from '@bridge/queue';
import { SubscriptionTimer } from './subscription-timer';

/** When the one Subscription is due, and when it was queued, in milliseconds since the start. */
let dueAt: number | undefined;
let queuedAt: number[];
let timer: SubscriptionTimer;

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  dueAt = undefined;
  queuedAt = [];
  const isDue = (now: Date) => dueAt !== undefined && dueAt <= now.getTime();
  const states = {
    listDue: (now: Date) =>
      Promise.resolve(isDue(now) ? [{ source: 'ehr', subscription: 's', dueAt: new Date(dueAt!) }] : []),
    nextDue: (now: Date) => Promise.resolve(dueAt === undefined || isDue(now) ? null : new Date(dueAt)),
  } as Partial<SubscriptionStateStore> as SubscriptionStateStore;
  const publisher = {
    publish: () => {
      queuedAt.push(Date.now());
      dueAt = undefined;
      return Promise.resolve({ duplicate: false, sequence: 1 });
    },
  } as Partial<QueuePublisher> as QueuePublisher;
  timer = new SubscriptionTimer(states, publisher);
});

afterEach(async () => {
  await timer.beforeApplicationShutdown();
  jest.useRealTimers();
});

function note(at: number): void {
  dueAt = at;
  timer.wakeFor({ gapDueAt: null, checkDueAt: new Date(at) });
}

it('queues what is due in its time', async () => {
  note(2_000);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(queuedAt).toEqual([2_000]);
});

it('queues what was put off in its time, though nothing more is heard', async () => {
  note(2_000);
  await jest.advanceTimersByTimeAsync(1_000);
  note(3_000);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(queuedAt).toEqual([3_000]);
});

it('queues what another replica has noted within a quarter of a minute', async () => {
  timer.onApplicationBootstrap();
  await jest.advanceTimersByTimeAsync(10);
  dueAt = 1_000;
  await jest.advanceTimersByTimeAsync(15_000);
  expect(queuedAt).toEqual([15_000]);
});
