import { Metrics } from '@bridge/platform';
import type { ListKeeper } from './federation-list/list-keeper';
import { ProxyMetrics } from './proxy-metrics';

/** What is told of a list that holds for so long. */
async function toldOf(leftMs: number | undefined): Promise<string | undefined> {
  const metrics = new Metrics();
  const keeper: Partial<ListKeeper> = { ageMs: () => 0, version: () => 1, leftMs: () => leftMs };
  new ProxyMetrics(metrics).followList(keeper as ListKeeper);
  return /^bridge_proxy_list_valid_seconds (.*)$/m.exec(await metrics.registry.metrics())?.[1];
}

describe('how long the federation list holds', () => {
  it.each([
    [90_000, '90'],
    [-5_000, '-5'],
    [0, '0'],
  ])('is told in seconds: %d ms', async (leftMs, told) => {
    expect(await toldOf(leftMs)).toBe(told);
  });

  it('is not told of a list without an end: it would be taken for one that has ended', async () => {
    expect(await toldOf(undefined)).toBeUndefined();
  });
});
