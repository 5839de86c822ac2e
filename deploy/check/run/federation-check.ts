import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { ServerReport } from '../../../apps/cli/src/federation/finding';
import { projectRoot } from '../../local/src/project-root';

/** What `bridge federation check` tells at this machine, as `check: outcome` of each server that is not simply right. */
export async function federationCheck(
  names: readonly string[],
  caFile: string,
  connect: readonly string[] = [],
): Promise<Record<string, string[]>> {
  const program = join(projectRoot(), 'dist/apps/cli/src/main.js');
  const words = ['federation', 'check', ...names, '--json', '--ca', caFile];
  const further = connect.flatMap((each) => ['--connect', each]);
  const output = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [program, ...words, ...further], (error, stdout, stderr) =>
      stdout ? resolve(stdout) : reject(new Error(stderr, { cause: error })),
    );
  });
  const { servers } = JSON.parse(output) as { servers: ServerReport[] };
  return Object.fromEntries(
    servers.map(({ serverName, findings }) => [
      serverName,
      findings
        .filter(({ outcome }) => outcome !== 'ok')
        .map(({ check, outcome, found }) => `${check}: ${outcome}: ${found}`),
    ]),
  );
}
