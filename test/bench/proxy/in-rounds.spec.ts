import { mediansOfEach } from './in-rounds';

describe('mediansOfEach', () => {
  it('measures in turn, drops the first round, and gives the median of each figure of each way', async () => {
    const called: string[] = [];
    const values = { ours: [900, 3, 1, 2], direct: [900, 30, 10, 20] };
    const medians = await mediansOfEach(3, ['ours', 'direct'], async (way) => {
      called.push(way);
      const p50 = values[way].shift()!;
      return { p50, p99: p50 * 10 };
    });
    expect(medians).toEqual({ ours: { p50: 2, p99: 20 }, direct: { p50: 20, p99: 200 } });
    expect(called).toEqual(Array.from({ length: 4 }, () => ['ours', 'direct']).flat());
  });
});
