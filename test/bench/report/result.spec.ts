import { type Figure, resultOf } from './result';

const figure: Figure = { name: 'something', unit: 'ms', ours: 90, limit: 100 };

describe('resultOf', () => {
  it('tells the ratio, and judges nothing without a goal', () => {
    expect(resultOf(figure)).toEqual({ ...figure, ratio: 0.9, goal: null, met: null, peers: {} });
  });

  it.each([
    [{ kind: 'ratio at least', bound: 0.9 }, 'ratio >= 0.9', true],
    [{ kind: 'ratio at least', bound: 0.901 }, 'ratio >= 0.901', false],
    [{ kind: 'ratio at most', bound: 0.9 }, 'ratio <= 0.9', true],
    [{ kind: 'ratio at most', bound: 0.89 }, 'ratio <= 0.89', false],
    [{ kind: 'at most the limit' }, '<= 100 ms', true],
  ] as const)('judges by %j', (goal, words, met) => {
    expect(resultOf({ ...figure, goal })).toMatchObject({ goal: words, met });
  });

  it('judges what is added by the difference', () => {
    const added = { ...figure, ours: 110.01, goal: { kind: 'added at most', bound: 10 } } as const;
    expect(resultOf(added)).toMatchObject({ goal: 'limit + 10 ms', met: false, ratio: 1.1 });
    expect(resultOf({ ...added, ours: 110 })).toMatchObject({ met: true });
  });

  it('judges before it rounds', () => {
    const nearly = { ...figure, ours: 100.4, goal: { kind: 'at most the limit' } } as const;
    expect(resultOf(nearly)).toMatchObject({ ours: 100, met: false });
  });

  it('takes a figure that stands beside nothing for not reached', () => {
    const alone = { ...figure, limit: null, goal: { kind: 'ratio at least', bound: 0 } } as const;
    expect(resultOf(alone)).toMatchObject({ ratio: null, met: false });
  });
});
