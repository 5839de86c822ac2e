import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The machine within the machine, which enter.mjs makes. */
export interface Host {
  /** Folder of this run: logs, plans, data. */
  readonly state: string;
  /** Whether root made it: then containers have the user ids that they are given. Else there is one user id for all. */
  readonly isRoot: boolean;
}

/** @throws Error outside of it: a check is not passed by leaving it out */
export function host(): Host {
  const { CONTAINERS_STATE: state, CONTAINERS_AS: as } = process.env;
  if (!state || !as) throw new Error('Start this through: node deploy/check/run/enter.mjs <command>');
  return { state, isRoot: as === 'root' };
}

/** The names that somebody at this machine has written into /etc/hosts. */
export function writeHosts(names: Readonly<Record<string, string>>): void {
  const lines = Object.entries(names).map(([name, address]) => `${address} ${name}`);
  writeFileSync(join(host().state, 'hosts'), ['127.0.0.1 localhost', ...lines, ''].join('\n'));
}
