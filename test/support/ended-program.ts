import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../deploy/local/src/project-root';

/** How a program ended, and what it wrote. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever its status is. */
export async function runToEnd(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Ended> {
  return promisify(execFile)(file, [...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  );
}

/** Calls the built program `bridge` as an operator does. @param settings as environment variables */
export async function callBridge(
  args: readonly string[],
  settings: Readonly<Record<string, string | undefined>>,
): Promise<Ended> {
  const program = join(projectRoot(), 'dist/apps/cli/src/main.js');
  return runToEnd(process.execPath, [program, ...args], { PATH: process.env.PATH, ...settings });
}
