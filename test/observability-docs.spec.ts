import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../deploy/local/src/project-root';
import { readDocument } from './support/cited-tests';

const sources = ['apps', 'libs'].flatMap((folder) =>
  readdirSync(join(projectRoot(), folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => readFileSync(join(projectRoot(), folder, file), 'utf8')),
);

const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name!);
const ofTheCode = new Set(sources.flatMap((source) => namesIn(source, /'(bridge_[a-z_]+)'/g)));

describe('docs/observability.md', () => {
  const document = readDocument('observability.md');
  const tables = document.split('\n').filter((line) => line.startsWith('| `bridge_'));
  const described = tables.flatMap((line) => namesIn(line, /^\| `(bridge_[a-z_]+)/g));

  it('describes every metric that the bridge tells, once', () => {
    expect(described.toSorted()).toEqual([...ofTheCode].sort());
  });

  it('names no metric that there is not', () => {
    const named = namesIn(document, /\b(bridge_[a-z_]+)/g);
    expect(named.filter((name) => !ofTheCode.has(name))).toEqual([]);
  });
});
