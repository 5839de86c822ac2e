import { Random } from '../support/random';
import { faultKinds } from './fault-kinds';
import { planFaults } from './fault-plan';
import { shortRun } from './run-size';

describe('a short run', () => {
  const familiesOf = (kinds: readonly { family: string }[]) => kinds.map(({ family }) => family).sort();

  it('has one fault of each family, within a minute', () => {
    for (const seed of [1, 2, 3]) {
      const { kinds, durationMs } = shortRun(seed);
      const plan = planFaults(kinds, durationMs, new Random(seed));
      expect(familiesOf(plan.map(({ kind }) => kind))).toEqual([...new Set(familiesOf(faultKinds))]);
      expect(durationMs).toBeLessThan(60_000);
    }
  });

  it('has every kind with one seed or another', () => {
    const seen = new Set(Array.from({ length: 50 }, (_, seed) => shortRun(seed).kinds).flat());
    expect(seen).toEqual(new Set(faultKinds));
  });
});
