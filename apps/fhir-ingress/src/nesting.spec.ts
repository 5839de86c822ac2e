import { isNestedDeeperThan } from './nesting';

const at = (text: string, limit: number): boolean => isNestedDeeperThan(Buffer.from(text), limit);

describe('isNestedDeeperThan', () => {
  it.each(['[[1]]', '{"a":{}}', '[{"a":1},{"b":2}]', '{"a":[],"b":[],"c":[]}'])(
    'counts two levels in %s',
    (text) => {
      expect([at(text, 1), at(text, 2)]).toEqual([true, false]);
    },
  );

  it.each(['["[[[["]', '["\\"[[[["]', '["\\\\",1]', '["{{{","\\\\\\"[["]'])(
    'counts no bracket within a string: %s',
    (text) => {
      expect(at(text, 1)).toBe(false);
    },
  );

  it('counts brackets behind a string that ends in a backslash', () => {
    expect(at('["\\\\",[1]]', 1)).toBe(true);
  });

  it.each(['', '1', '"', '"\\', ']]]]'])('stands %j', (text) => {
    expect(at(text, 0)).toBe(false);
  });

  it('sees 10 MiB of brackets', () => {
    expect(isNestedDeeperThan(Buffer.alloc(10 * 2 ** 20, '['), 500)).toBe(true);
    expect(isNestedDeeperThan(Buffer.alloc(10 * 2 ** 20, '[]'), 500)).toBe(false);
  });
});
