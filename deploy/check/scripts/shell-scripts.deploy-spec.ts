import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../local/src/project-root';
import { program } from '../compose/compose-model';

const ROOT = projectRoot();
const FOLDERS = ['deploy', '.ci'];

/** Whatever a shell would read: by its name, or by its first line. */
const scripts = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(join(ROOT, path)).isFile())
    .filter((path) => path.endsWith('.sh') || /^#!.*\b(ba|da)?sh\b/.test(firstLine(join(ROOT, path)))),
);

function firstLine(file: string): string {
  return readFileSync(file, 'utf8').split('\n', 1)[0] ?? '';
}

function shellcheck(...files: string[]): { status: number | null; stdout: string } {
  const words = ['--norc', '--external-sources', '--format=gcc', ...files];
  const { status, stdout } = spawnSync(program('SHELLCHECK', 'shellcheck'), words, {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, stdout };
}

describe('shell scripts', () => {
  it('are found: those that others run, and that of the pipeline', () => {
    expect(scripts).toEqual(expect.arrayContaining(['deploy/compose/backup.sh', '.ci/run']));
    expect(scripts.length).toBeGreaterThanOrEqual(8);
  });

  it.each(scripts)('%s has nothing that shellcheck finds fault with', (script) => {
    expect(shellcheck(script)).toEqual({ status: 0, stdout: '' });
  });

  it.each(scripts)('%s ends at the first failure', (script) => {
    expect(readFileSync(join(ROOT, script), 'utf8')).toMatch(/^set -e|^exec /m);
  });

  // In the words of a trap too, which shellcheck does not look into.
  it.each(scripts)('%s removes nothing that is not in quotes', (script) => {
    expect(readFileSync(join(ROOT, script), 'utf8')).not.toMatch(/\brm [^\n;&|]*(?<!")\$[\w{(]/);
  });

  it('with a fault would be refused', () => {
    const folder = mkdtempSync(join(tmpdir(), 'shell-check-'));
    try {
      writeFileSync(join(folder, 'wrong.sh'), '#!/bin/sh\nrm -r $1\n');
      expect(shellcheck(join(folder, 'wrong.sh'))).toEqual({
        status: 1,
        stdout: expect.stringContaining('SC2086') as string,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
