import { Random } from '../support/random';
import { minutesForAll, planFaults } from './fault-plan';
import { faultKinds } from './fault-kinds';

const minute = 60_000;

describe('the plan of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    const plan = (seed: number) => planFaults(faultKinds, 20 * minute, new Random(seed));
    expect(plan(7)).toEqual(plan(7));
    expect(plan(7)).not.toEqual(plan(8));
  });

  it('has every kind in the shortest run, and all equally often in a long one', () => {
    for (const seed of [1, 2, 3]) {
      const shortest = planFaults(faultKinds, minutesForAll(faultKinds) * minute, new Random(seed));
      expect(new Set(shortest.map(({ kind }) => kind))).toEqual(new Set(faultKinds));
      const long = planFaults(faultKinds, 20 * minute, new Random(seed));
      const times = faultKinds.map((kind) => long.filter((each) => each.kind === kind).length);
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
    }
  });

  it('never does two things to one target at a time, and picks among all targets', () => {
    const plan = planFaults(faultKinds, 60 * minute, new Random(5));
    const ends = new Map<string, number>();
    for (const { target, atMs, forMs } of plan) {
      expect(atMs).toBeGreaterThanOrEqual(ends.get(target) ?? 0);
      ends.set(target, atMs + forMs);
    }
    expect(new Set(ends.keys())).toEqual(new Set(faultKinds.flatMap(({ targets }) => targets)));
  });

  it('keeps to the durations of the kinds, in the order of their begins', () => {
    const plan = planFaults(faultKinds, 20 * minute, new Random(9));
    for (const { kind, target, forMs } of plan) {
      expect(kind.targets).toContain(target);
      expect(forMs).toBeGreaterThanOrEqual(kind.lastsMs[0]);
      expect(forMs).toBeLessThanOrEqual(kind.lastsMs[1]);
    }
    const begins = plan.map(({ atMs }) => atMs);
    expect(begins).toEqual([...begins].sort((one, other) => one - other));
  });
});
