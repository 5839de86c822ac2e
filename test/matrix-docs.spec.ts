import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../deploy/local/src/project-root';
import {
  readDocument,
  supportedRowsOf,
  testsNamedIn,
  unknownTestsIn,
  withoutTest,
} from './support/cited-tests';

const document = readDocument('matrix.md');

describe('the table of features in docs/matrix.md', () => {
  it('names only tests that there are', () => {
    expect(unknownTestsIn(document)).toEqual([]);
  });

  it('has a test for every feature that it calls bridged', () => {
    const bridged = supportedRowsOf(document);
    expect(withoutTest(bridged)).toEqual([]);
    expect(bridged.length).toBeGreaterThan(20);
  });

  it('leaves out no file of end-to-end tests of the Matrix side', () => {
    const files = readdirSync(join(projectRoot(), 'test/matrix')).map((file) => `test/matrix/${file}`);
    const named = new Set(testsNamedIn(document).map(({ file }) => file));
    expect(files.filter((file) => !named.has(file))).toEqual([]);
  });
});
