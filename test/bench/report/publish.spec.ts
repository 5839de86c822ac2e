import { withResults } from './publish';
import { resultOf } from './result';

const note = 'before\n<!-- results: npm run bench -->\nold\n<!-- end of the results -->\nafter\n';
const result = resultOf({ name: 'something', unit: 'ms', ours: 90, limit: 100 });

describe('withResults', () => {
  it('puts the results in the place of the old ones, with where and when', () => {
    const written = withResults(note, [result], 'here, today');
    expect(written).toMatch(/^before\n/);
    expect(written).toMatch(/\nafter\n$/);
    expect(written).toContain('here, today:');
    expect(written).toContain('| 0.90 | something | 90 ms | 100 ms |');
    expect(written).not.toContain('old');
  });

  it('can be repeated', () => {
    const once = withResults(note, [result], 'here, today');
    expect(withResults(once, [result], 'here, today')).toBe(once);
  });

  it('refuses a note that has no place for them', () => {
    expect(() => withResults('no place', [result], '')).toThrow('lacks');
  });
});
