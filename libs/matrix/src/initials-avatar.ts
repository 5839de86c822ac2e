import { createHash } from 'node:crypto';
import { PNG } from 'pngjs';

/** Pixels on each side: clients show avatars at half of that or less. */
const size = 96;
/** Rows of five dots, the leftmost the highest bit: a 5×7 letter each. */
const glyphs: Readonly<Record<string, readonly number[]>> = {
  A: [14, 17, 17, 31, 17, 17, 17],
  B: [30, 17, 17, 30, 17, 17, 30],
  C: [14, 17, 16, 16, 16, 17, 14],
  D: [30, 17, 17, 17, 17, 17, 30],
  E: [31, 16, 16, 30, 16, 16, 31],
  F: [31, 16, 16, 30, 16, 16, 16],
  G: [14, 17, 16, 23, 17, 17, 15],
  H: [17, 17, 17, 31, 17, 17, 17],
  I: [14, 4, 4, 4, 4, 4, 14],
  J: [7, 2, 2, 2, 2, 18, 12],
  K: [17, 18, 20, 24, 20, 18, 17],
  L: [16, 16, 16, 16, 16, 16, 31],
  M: [17, 27, 21, 21, 17, 17, 17],
  N: [17, 25, 21, 19, 17, 17, 17],
  O: [14, 17, 17, 17, 17, 17, 14],
  P: [30, 17, 17, 30, 16, 16, 16],
  Q: [14, 17, 17, 17, 21, 18, 13],
  R: [30, 17, 17, 30, 20, 18, 17],
  S: [15, 16, 16, 14, 1, 1, 30],
  T: [31, 4, 4, 4, 4, 4, 4],
  U: [17, 17, 17, 17, 17, 17, 14],
  V: [17, 17, 17, 17, 17, 10, 4],
  W: [17, 17, 17, 21, 21, 27, 17],
  X: [17, 17, 10, 4, 10, 17, 17],
  Y: [17, 17, 10, 4, 4, 4, 4],
  Z: [31, 1, 2, 4, 8, 16, 31],
};
const columns = 5;
const rows = 7;
/** Pixels per dot. */
const dot = 6;

/** Dark enough for white letters (contrast of 4.5 or more, WCAG 2.1). */
const colours = [0x1f6f8b, 0x7a3b69, 0x2f6b3a, 0x8a4b08, 0x3d4f9f, 0x9c2f3c, 0x4a5d23, 0x5b3f8c] as const;
const white = 0xffffff;

/**
 * An avatar: initials on a coloured disc, as PNG.
 * @param initials one or two letters A to Z
 * @param colourOf what the colour follows from, always the same for the same: an opaque id, never a name
 */
export function initialsAvatar(initials: string, colourOf: string): Buffer {
  const image = new PNG({ width: size, height: size });
  const paint = (x: number, y: number, colour: number) =>
    image.data.writeUInt32BE(colour * 256 + 255, 4 * (y * size + x));
  const background =
    colours[createHash('sha256').update(colourOf).digest().readUInt8(0) % colours.length] ?? colours[0];
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) if (isOnDisc(x, y)) paint(x, y, background);
  }
  const letters = [...initials].map((letter) => glyphs[letter] ?? []);
  const width = dot * (letters.length * (columns + 1) - 1);
  const [left, top] = [Math.round((size - width) / 2), Math.round((size - dot * rows) / 2)];
  letters.forEach((glyph, position) => {
    for (const [row, column] of dotsOf(glyph)) {
      const [x, y] = [left + dot * (position * (columns + 1) + column), top + dot * row];
      for (let each = 0; each < dot * dot; each += 1)
        paint(x + (each % dot), y + Math.floor(each / dot), white);
    }
  });
  return PNG.sync.write(image);
}

function dotsOf(glyph: readonly number[]): [row: number, column: number][] {
  return glyph.flatMap((bits, row) =>
    Array.from({ length: columns }, (_, column): [number, number] => [row, column]).filter(
      ([, column]) => (bits >> (columns - 1 - column)) & 1,
    ),
  );
}

function isOnDisc(x: number, y: number): boolean {
  const centre = (size - 1) / 2;
  return (x - centre) ** 2 + (y - centre) ** 2 <= (size / 2) ** 2;
}
