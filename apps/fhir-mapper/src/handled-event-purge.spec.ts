import { HandledEventPurge } from './handled-event-purge';

const dayMs = 86_400_000;

function storeWith(...batches: (number | Error)[]) {
  const calls: Date[] = [];
  const purge = async (before: Date, limit: number) => {
    calls.push(before);
    const batch = batches.shift() ?? 0;
    if (batch instanceof Error) throw batch;
    return Math.min(batch, limit);
  };
  return { calls, purge };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('what was handled 30 days ago is forgotten each hour, until no full batch is left', async () => {
  const store = storeWith(1_000, 1_000, 3);
  const purge = new HandledEventPurge(store as never);
  purge.onApplicationBootstrap();
  await jest.advanceTimersByTimeAsync(3_600_000);
  expect(store.calls).toHaveLength(3);
  expect(Date.now() - store.calls[0]!.getTime()).toBe(30 * dayMs);
  await jest.advanceTimersByTimeAsync(3_600_000);
  expect(store.calls).toHaveLength(4);
  await purge.onApplicationShutdown();
  await jest.advanceTimersByTimeAsync(3_600_000);
  expect(store.calls).toHaveLength(4);
});

it('a database that is away is asked again an hour later', async () => {
  const store = storeWith(new Error('away'));
  const purge = new HandledEventPurge(store as never);
  purge.onApplicationBootstrap();
  await jest.advanceTimersByTimeAsync(2 * 3_600_000);
  expect(store.calls).toHaveLength(2);
  await purge.onApplicationShutdown();
});
