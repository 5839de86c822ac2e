import { mediansOf } from './rounds';

describe('mediansOf', () => {
  it('measures in turn, drops the first round, and gives the median of each', async () => {
    const called: string[] = [];
    const giving = (name: string, values: number[]) => async () => {
      called.push(name);
      return values.shift()!;
    };
    const medians = await mediansOf(3, {
      ours: giving('ours', [1000, 3, 1, 2]),
      limit: giving('limit', [1000, 30, 10, 20]),
    });
    expect(medians).toEqual({ ours: 2, limit: 20 });
    expect(called).toEqual(Array.from({ length: 4 }, () => ['ours', 'limit']).flat());
  });

  it('fails when one of them fails: no figure is made up', async () => {
    const failing = () => Promise.reject(new Error('away'));
    await expect(mediansOf(1, { ours: failing })).rejects.toThrow('away');
  });
});
