import type { Result } from './result';

const width = 900;
const rowHeight = 44;
const headHeight = 64;
const labelWidth = 430;
const barWidth = 380;
/** Ratios from here on are drawn as wide as this one; the figure beside the bar tells them apart. */
const widest = 2;

/** Legible in both: the colours follow the scheme of whoever looks at it. */
const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .dim { fill: #59636e; font-size: 11px; }
  .one { stroke: #59636e; stroke-dasharray: 4 3; }
  .met { fill: #1a7f37; } .missed { fill: #cf222e; } .told { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .dim { fill: #9198a1; } .one { stroke: #9198a1; }
    .met { fill: #3fb950; } .missed { fill: #f85149; } .told { fill: #4493f8; }
  }`;

/**
 * A bar for the ratio of each result, beside a line at 1: as the limit.
 * @param caption what, where and when
 */
export function plot(results: readonly Result[], caption: string): string {
  const rows = results.filter(({ ratio }) => ratio !== null);
  const height = headHeight + rows.length * rowHeight;
  const one = xOf(1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(caption)}</title>`,
    `<style>${style}</style>`,
    `<text x="12" y="22">Ratio to the limit</text>`,
    `<text class="dim" x="12" y="42">${escaped(caption)}</text>`,
    ...rows.map((result, index) => bar(result, headHeight + index * rowHeight)),
    `<line class="one" x1="${one}" x2="${one}" y1="${headHeight - 8}" y2="${height - 8}"/>`,
    '</svg>',
    '',
  ].join('\n');
}

function bar({ name, unit, ours, limit, ratio, goal, met }: Result, y: number): string {
  const length = Math.max(2, xOf(ratio!) - labelWidth);
  const kind = met === null ? 'told' : met ? 'met' : 'missed';
  const beside = `${ours} of ${limit} ${unit}${goal ? `; goal ${goal}` : ''}`;
  return [
    `<text x="12" y="${y + 14}">${escaped(name)}</text>`,
    `<text class="dim" x="12" y="${y + 30}">${escaped(beside)}</text>`,
    `<rect class="${kind}" x="${labelWidth}" y="${y + 4}" width="${length.toFixed(1)}" height="20" rx="3"/>`,
    `<text x="${(labelWidth + length + 8).toFixed(1)}" y="${y + 19}">${ratio!.toFixed(2)}</text>`,
  ].join('\n');
}

function xOf(ratio: number): number {
  return labelWidth + (Math.min(Math.max(ratio, 0), widest) / widest) * barWidth;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
