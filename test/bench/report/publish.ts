import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../../deploy/local/src/project-root';
import { plot } from './plot';
import type { Result } from './result';
import { markdownTable } from './table';

const begin = '<!-- results: npm run bench -->';
const end = '<!-- end of the results -->';

/** Keeps the results of a whole run: as JSON, as a plot, and in docs/performance.md. @returns where */
export function publish(results: readonly Result[]): string {
  const directory = join(projectRoot(), 'test/bench/results');
  const where = `${machine()}, ${new Date().toISOString().slice(0, 10)}, ${revision()}`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'latest.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(directory, 'latest.svg'), plot(results, where));
  const note = join(projectRoot(), 'docs/performance.md');
  writeFileSync(note, withResults(readFileSync(note, 'utf8'), results, where));
  return directory;
}

/**
 * A note with these results in the place of those it had.
 * @throws Error where it has no place for them
 */
export function withResults(note: string, results: readonly Result[], where: string): string {
  const from = note.indexOf(begin);
  const to = note.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/performance.md lacks "${begin}" … "${end}"`);
  const table = [begin, '', `${where}:`, '', markdownTable(results), '', ''].join('\n');
  return note.slice(0, from) + table + note.slice(to);
}

/** With the load of the last quarter of an hour, which is the run itself and whatever else went on. */
function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  const busy = loadavg()[2]!.toFixed(1);
  return `${cpus().length} × ${first?.model.trim()}, ${memory} GiB, ${process.platform}, Node ${process.versions.node}, load ${busy}`;
}

function revision(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: projectRoot(), encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'apps', 'libs') === '' ? '' : ' with changes';
  return `commit ${git('rev-parse', '--short', 'HEAD')}${changed}`;
}
