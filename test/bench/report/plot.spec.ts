import { plot } from './plot';
import { type Figure, resultOf } from './result';

const figure = (changes: Partial<Figure>) =>
  resultOf({ name: 'ingress', unit: 'events/s', ours: 80, limit: 100, ...changes });

describe('plot', () => {
  it('draws a bar for each ratio, as wide as it is, and leaves out what has none', () => {
    const svg = plot([figure({}), figure({ ours: 100 }), figure({ limit: null })], 'here, today');
    const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(widths).toHaveLength(2);
    expect(widths[0]! / widths[1]!).toBeCloseTo(0.8);
    expect(svg).toContain('here, today');
  });

  it('tells what is met from what is missed', () => {
    const goal = { kind: 'ratio at least', bound: 0.8 } as const;
    expect(plot([figure({ goal })], '')).toContain('<rect class="met"');
    expect(plot([figure({ goal, ours: 79 })], '')).toContain('<rect class="missed"');
    expect(plot([figure({})], '')).toContain('<rect class="told"');
  });

  it('is well-formed whatever the words are', () => {
    const svg = plot([figure({ name: 'a < b & "c"' })], '<today>');
    expect(svg).toContain('a &lt; b &amp; &quot;c&quot;');
    expect(svg).not.toContain('<today>');
  });

  it('keeps a ratio far above the limit in the picture', () => {
    const [, width] = /<rect [^>]*width="([\d.]+)"/.exec(plot([figure({ ours: 5_000 })], ''))!;
    expect(Number(width)).toBeLessThan(450);
  });
});
