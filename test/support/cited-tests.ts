import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../deploy/local/src/project-root';

/*
 * Documents name the tests that show what they say, as [`file`](../test/…/file.e2e-spec.ts) “test”. Looking every name
 * up keeps a feature from losing its test in silence.
 */

export interface CitedTest {
  readonly file: string;
  readonly name: string;
}

/** A document below `docs`. */
export function readDocument(name: string): string {
  return readFileSync(join(projectRoot(), 'docs', name), 'utf8');
}

export function testsNamedIn(text: string): CitedTest[] {
  const cited = /\]\(\.\.\/((?:apps|deploy|libs|test)\/[\w/.-]+spec\.ts)\)((?:\s“[^”]+”,?)+)/g;
  return [...text.matchAll(cited)].flatMap(([, file, names]) =>
    [...names!.matchAll(/“([^”]+)”/g)].map(([, name]) => ({ file: file!, name: name!.replace(/\s+/g, ' ') })),
  );
}

/** Those that a document names and that are not there. */
export function unknownTestsIn(document: string): CitedTest[] {
  return testsNamedIn(document).filter(
    ({ file, name }) => ![`'${name}'`, `"${name}"`, `\`${name}\``].some((it) => sourceOf(file).includes(it)),
  );
}

/** The rows of all tables, by cell, those with headings and rules included. */
export function rowsOf(document: string): string[][] {
  return document
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2).split(' | '));
}

/** The rows that call something supported (a cell begins with `yes`). */
export function supportedRowsOf(document: string): string[][] {
  return rowsOf(document).filter((row) => row.some((cell) => /^yes\b/.test(cell.trim())));
}

/** What rows without a test are about. */
export function withoutTest(rows: readonly string[][]): (string | undefined)[] {
  return rows.filter((row) => testsNamedIn(row.join(' | ')).length === 0).map(([subject]) => subject?.trim());
}

function sourceOf(file: string): string {
  const path = join(projectRoot(), file);
  return existsSync(path) ? readFileSync(path, 'utf8').replaceAll("\\'", "'") : '';
}
