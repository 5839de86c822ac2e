import { canonicalJson } from './canonical-json';

it('is the same for the same content in another order, at every depth', () => {
  const one = { b: [{ d: 1, c: 'x' }], a: null };
  const other = { a: null, b: [{ c: 'x', d: 1 }] };
  expect(canonicalJson(one)).toBe('{"a":null,"b":[{"c":"x","d":1}]}');
  expect(canonicalJson(other)).toBe(canonicalJson(one));
});

it('is another one for another content, and for another order in a list', () => {
  const texts = [{ a: [1, 2] }, { a: [2, 1] }, { a: ['1', '2'] }, { b: [1, 2] }].map(canonicalJson);
  expect(new Set(texts).size).toBe(4);
});

it('leaves out what has no value, as JSON does', () => {
  expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
});
