import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../deploy/local/src/project-root';

/*
 * The table of features in docs/matrix.md names the end-to-end tests that show each one. A name is
 * [`file`](../test/…/file.e2e-spec.ts) “test”; here every name is looked up, so that a feature cannot lose its test in silence.
 */

const document = readFileSync(join(projectRoot(), 'docs/matrix.md'), 'utf8');
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split(' | '));

function testsNamedIn(text: string): { file: string; name: string }[] {
  const cited = /\]\(\.\.\/(test\/[\w/.-]+spec\.ts)\)((?: “[^”]+”,?)+)/g;
  return [...text.matchAll(cited)].flatMap(([, file, names]) =>
    [...names!.matchAll(/“([^”]+)”/g)].map(([, name]) => ({ file: file!, name: name! })),
  );
}

function sourceOf(file: string): string {
  const path = join(projectRoot(), file);
  return existsSync(path) ? readFileSync(path, 'utf8').replaceAll("\\'", "'") : '';
}

describe('the table of features in docs/matrix.md', () => {
  it('names only tests that there are', () => {
    const unknown = testsNamedIn(document).filter(
      ({ file, name }) =>
        ![`'${name}'`, `"${name}"`, `\`${name}\``].some((it) => sourceOf(file).includes(it)),
    );
    expect(unknown).toEqual([]);
  });

  it('has a test for every feature that it calls bridged', () => {
    const bridged = rows.filter(([, state]) => state?.trim().startsWith('yes'));
    const without = bridged.filter((row) => testsNamedIn(row.join(' | ')).length === 0);
    expect(without.map(([feature]) => feature)).toEqual([]);
    expect(bridged.length).toBeGreaterThan(20);
  });

  it('leaves out no file of end-to-end tests of the Matrix side', () => {
    const files = readdirSync(join(projectRoot(), 'test/matrix')).map((file) => `test/matrix/${file}`);
    const named = new Set(testsNamedIn(document).map(({ file }) => file));
    expect(files.filter((file) => !named.has(file))).toEqual([]);
  });
});
