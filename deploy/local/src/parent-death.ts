import { spawnSync } from 'node:child_process';

let setprivWorks: boolean | undefined;

/**
 * Wraps a command so that the kernel ends it when this Node process dies, SIGKILL included (prctl PR_SET_PDEATHSIG
 * through util-linux' setpriv). Where setpriv is absent (macOS, busybox) the command stays as it is.
 */
export function dyingWithParent(
  command: string,
  args: readonly string[],
): { command: string; args: string[] } {
  setprivWorks ??= spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0;
  if (!setprivWorks) return { command, args: [...args] };
  return { command: 'setpriv', args: ['--pdeathsig', 'KILL', command, ...args] };
}
