import { TransientError } from '@bridge/contracts';
import { Metrics } from '@bridge/platform';
import { ProxyMetrics } from '../proxy-metrics';
import { Housekeeping, type Task } from './housekeeping';

const HOUR_MS = 3_600_000;

/** @param remove what the task does each time */
function keeping(remove: Task['remove'], everyMs = HOUR_MS) {
  const metrics = new Metrics();
  const log = jest.fn();
  const warn = jest.fn();
  const task: Task = { what: 'ended-contact', everyMs, remove };
  const housekeeping = new Housekeeping([task], new ProxyMetrics(metrics), { log, warn });
  const valueOf = async (name: string) =>
    (await metrics.registry.getSingleMetric(name)!.get()).values[0]?.value;
  return { housekeeping, log, warn, valueOf };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('clears away at the start, and then again and again', async () => {
  const remove = jest.fn().mockResolvedValueOnce(2).mockResolvedValue(0);
  const { housekeeping, log, valueOf } = keeping(remove);
  housekeeping.start();
  await jest.advanceTimersByTimeAsync(1);
  expect(remove).toHaveBeenCalledTimes(1);
  await jest.advanceTimersByTimeAsync(2 * HOUR_MS);
  expect(remove).toHaveBeenCalledTimes(3);
  housekeeping.stop();
  await jest.advanceTimersByTimeAsync(2 * HOUR_MS);
  expect(remove).toHaveBeenCalledTimes(3);
  expect(await valueOf('bridge_proxy_removed_total')).toBe(2);
  expect(log).toHaveBeenCalledTimes(1);
});

it('does not begin anew before it has ended', async () => {
  const remove = jest.fn(() => new Promise<number>(() => undefined));
  const { housekeeping } = keeping(remove);
  housekeeping.start();
  await jest.advanceTimersByTimeAsync(5 * HOUR_MS);
  expect(remove).toHaveBeenCalledTimes(1);
  housekeeping.stop();
});

it('tries again soon after a failure, and tells of it without what the error quotes', async () => {
  const remove = jest
    .fn()
    .mockRejectedValueOnce(new Error('no room !secret:own.example'))
    .mockRejectedValueOnce(new TransientError('proxy-homeserver', 'It answered 500', { advice: '' }))
    .mockResolvedValue(undefined);
  const { housekeeping, warn, valueOf } = keeping(remove, 24 * HOUR_MS);
  housekeeping.start();
  await jest.advanceTimersByTimeAsync(HOUR_MS);
  expect(remove).toHaveBeenCalledTimes(3);
  expect(await valueOf('bridge_proxy_removal_failures_total')).toBe(2);
  expect(warn.mock.calls.map(([line]: [{ reason: string }]) => line.reason)).toEqual([
    'Error',
    'It answered 500',
  ]);
  expect(JSON.stringify(warn.mock.calls)).not.toContain('secret');
  housekeeping.stop();
});
