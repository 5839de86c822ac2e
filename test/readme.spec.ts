import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withConfigTable } from '../deploy/local/src/write-config-table';

const read = (file: string): string => readFileSync(join(__dirname, '..', file), 'utf8');

describe('README.md', () => {
  const readme = read('README.md');

  it('has the table of settings that the code has: if not, npm run docs', () => {
    const cells = (text: string) => text.replace(/ *\| */g, '|').replace(/\|[-:|]+\|/g, '|');
    expect(cells(readme)).toBe(cells(withConfigTable(readme)));
  });

  it('gives a reason for every dependency', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >;
    const missing = Object.keys({ ...dependencies, ...devDependencies }).filter(
      (name) => !readme.includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });
});
