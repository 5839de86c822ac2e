import { jsonBytes, splitText } from './long-text';

/** A generator of the same random numbers in every run (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const atoms = [
  ...[
    'a',
    'word',
    ' ',
    ' ',
    '\n',
    '\n\n',
    '\t',
    '"',
    '\\',
    '\u0001',
    'é',
    'e\u0301',
    'ß',
    '漢字',
    'ж',
    '\u2028',
  ],
  ...['😀', '👩🏽‍⚕️', '🇳🇱', '👨‍👩‍👧‍👦', '\u{1F1E9}\u{1F1EA}', '𝒳', 'นี้', '\u00a0'],
];

const withoutSpace = (text: string) => text.replace(/\s+/g, '');
const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

it('random texts of all scripts lose nothing but white space, fit, and keep every character whole', () => {
  const random = randomNumbers(20261121);
  const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (let round = 0; round < 150; round += 1) {
    const size = Math.floor(random() * 400);
    const text = Array.from({ length: size }, () => atoms[Math.floor(random() * atoms.length)]).join('');
    const maxBytes = 40 + Math.floor(random() * 200);
    const pieces = splitText(text, maxBytes);
    expect(withoutSpace(pieces.join(''))).toBe(withoutSpace(text));
    const whole = new Set([...clusters.segment(text)].map(({ segment }) => segment));
    for (const piece of pieces) {
      expect(piece.trim()).not.toBe('');
      expect(jsonBytes(piece)).toBeLessThanOrEqual(maxBytes);
      expect(piece).not.toMatch(loneSurrogate);
      for (const { segment } of clusters.segment(piece)) expect(whole).toContain(segment);
    }
  }
});

it('what fits stays as it is, with its white space', () => {
  expect(splitText('  one \n', 100)).toEqual(['  one \n']);
  expect(splitText('', 100)).toEqual([]);
  expect(splitText(' \n ', 100)).toEqual([]);
});

it('a cut is made between paragraphs before lines, and between lines before words', () => {
  expect(splitText('aaaa aaaa\nbbbb\n\ncccc dddd', 20)).toEqual(['aaaa aaaa\nbbbb', 'cccc dddd']);
  expect(splitText('aaaa aaaa\nbbbb cccc dddd', 16)).toEqual(['aaaa aaaa', 'bbbb cccc dddd']);
  expect(splitText('aaaa bbbb cccc', 11)).toEqual(['aaaa bbbb', 'cccc']);
  expect(splitText('aaaa bbbb cccc', 9)).toEqual(['aaaa bbbb', 'cccc']);
});

it('a word that is too long is cut between characters as people see them', () => {
  const family = '👨‍👩‍👧‍👦';
  const pieces = splitText(family.repeat(5), jsonBytes(family) * 2 + 3);
  expect(pieces).toEqual([family.repeat(2), family.repeat(2), family]);
});

it('a text of a mebibyte is cut in no time', () => {
  const before = performance.now();
  const pieces = splitText('x'.repeat(2 ** 20), 56 * 1024);
  expect(pieces.join('')).toHaveLength(2 ** 20);
  expect(performance.now() - before).toBeLessThan(2_000);
});
