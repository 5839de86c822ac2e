import fc from 'fast-check';
import { canonicalText, isDeeperThan } from './json-text';

/** Canonical JSON as the specification has it, by its words and without regard to time or depth. */
function byTheBook(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(byTheBook).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .map(([name, each]) => `${JSON.stringify(name)}:${byTheBook(each)}`);
  return `{${fields.join(',')}}`;
}
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('a JSON text in its canonical form', () => {
  it.each([
    ['{"a": 1.0, "b" :100e-2,"c":1E2,"d":-0.0}', '{"a":1.0,"b":100e-2,"c":1E2,"d":-0.0}'],
    [
      '[9007199254740993,-123456789012345678901234567890]',
      '[9007199254740993,-123456789012345678901234567890]',
    ],
    ['[1e400,1e-400]', '[1e400,1e-400]'],
    ['[-0, 0]', '[0,0]'],
    ['{"a":"1.0","b":"\\"2.50, \\\\","c":"[{"}', '{"a":"1.0","b":"\\"2.50, \\\\","c":"[{"}'],
    ['\t{ "b" : [ ] ,\r\n "a" : { } }\n', '{"a":{},"b":[]}'],
    ['{"a":1,"b":2,"a":3}', '{"a":3,"b":2}'],
    ['{"a":{"x":1},"\\u0061":{"y":1.0}}', '{"a":{"y":1.0}}'],
    ['{"":1}', '{"":1}'],
    ['{"__proto__":{"a":1.0},"constructor":2}', '{"__proto__":{"a":1.0},"constructor":2}'],
    ['["\\u00e9\\/\\ud83d\\ude00\\n\\u001F\\u007f"]', '["é/😀\\n\\u001f\x7f"]'],
    ['true', 'true'],
    ['"x"', '"x"'],
    ['1.50', '1.50'],
  ])('of %s is %s: numbers stay as they were written', (text, expected) => {
    expect(canonicalText(text)).toBe(expected);
  });

  it('is what the specification says of every JSON without a number that JavaScript would change', () => {
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.oneof(fc.string({ unit: 'binary' }), fc.maxSafeInteger(), fc.boolean(), fc.constant(null)),
        fc.array(tie('tree')),
        fc.dictionary(fc.string({ unit: 'grapheme' }), tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        expect(canonicalText(text)).toBe(byTheBook(JSON.parse(text)));
      }),
      { numRuns: 5_000 },
    );
  });

  it('is the same as itself', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const canonical = canonicalText(text);
        expect(canonicalText(canonical)).toBe(canonical);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['lists', nested(500_000)],
    ['lists that hold more', `${'[0,'.repeat(500_000)}1${']'.repeat(500_000)}`],
    ['objects', `${'{"a":'.repeat(500_000)}1${'}'.repeat(500_000)}`],
    ['objects in another order', `${'{"b":0,"a":'.repeat(300_000)}1${'}'.repeat(300_000)}`],
  ])('is found of %s in one another, however deep, and in no time', (_what, text) => {
    const begin = performance.now();
    expect(Buffer.from(canonicalText(text)).length).toBe(text.length);
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});

describe('how deep a JSON text nests', () => {
  it.each([
    [nested(3), 3, false],
    [nested(4), 3, true],
    [`{"a":${nested(3)}}`, 3, true],
    [`[${'[],'.repeat(50)}[]]`, 2, false],
    ['["[[[[[[[[[[[[[[","\\"[[[[[[[[\\\\"]', 1, false],
    ['"[[[[["', 0, false],
  ])('%s: deeper than %d: %s', (text, most, deeper) => {
    expect(isDeeperThan(text, most)).toBe(deeper);
  });
});
