import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configTable } from '@bridge/platform';
import { projectRoot } from './project-root';

const begin = '<!-- configuration table: npm run docs -->';
const end = '<!-- end of the configuration table -->';

/** README with the table of settings as the code has it, between its two marks. @throws Error when a mark is missing */
export function withConfigTable(readme: string): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md needs the lines ${begin} and ${end}`);
  return `${readme.slice(0, from + begin.length)}\n\n${configTable().trim()}\n\n${readme.slice(to)}`;
}

if (require.main === module) {
  const file = join(projectRoot(), 'README.md');
  writeFileSync(file, withConfigTable(readFileSync(file, 'utf8')));
}
