import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../deploy/local/src/project-root';
import { readDocument, rowsOf, unknownTestsIn, withoutTest } from '../support/cited-tests';

const document = readDocument('messenger-proxy.md');

describe('docs/messenger-proxy.md', () => {
  it('names only tests that there are', () => {
    expect(unknownTestsIn(document)).toEqual([]);
  });

  it('has a test for each weakness of the reference implementation', () => {
    const weaknesses = rowsOf(document).filter(([subject]) => /^\d+ /.test(subject ?? ''));
    expect(weaknesses).toHaveLength(15);
    expect(withoutTest(weaknesses)).toEqual([]);
  });

  it('names only files of tests that there are beside its rules', () => {
    const files = [...document.matchAll(/`([\w/-]+\.(?:e2e-)?spec\.ts)`/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(20);
    const folderOf = (file: string) => (/^(test|libs)\//.test(file) ? '' : 'apps/messenger-proxy/src');
    expect(files.filter((file) => !existsSync(join(projectRoot(), folderOf(file), file)))).toEqual([]);
  });
});
