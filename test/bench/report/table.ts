import Table from 'cli-table3';
import pc from 'picocolors';
import type { Result } from './result';

const plain = { head: [], border: [] };

/** The results for a terminal, the ratio first; what is missed is red. */
export function terminalTable(results: readonly Result[]): string {
  const table = new Table({ head: [...columns], style: plain });
  for (const result of results) {
    const cells = cellsOf(result);
    table.push(result.met === false ? cells.map((cell) => pc.red(cell)) : cells);
  }
  return table.toString();
}

/** The results as a table in Markdown. */
export function markdownTable(results: readonly Result[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = columns.map(() => '---');
  return [line(columns), line(rule), ...results.map((result) => line(cellsOf(result)))].join('\n');
}

const columns = ['ratio', 'what', 'ours', 'limit', 'goal', 'met', 'peers'] as const;

function cellsOf({ name, unit, ours, limit, ratio, goal, met, peers }: Result): string[] {
  const others = Object.entries(peers).map(([peer, value]) => `${peer} ${value}`);
  return [
    ratio === null ? '' : ratio.toFixed(2),
    name,
    `${ours} ${unit}`,
    limit === null ? '' : `${limit} ${unit}`,
    goal ?? '',
    met === null ? '' : met ? 'yes' : 'no',
    others.join(', '),
  ];
}
