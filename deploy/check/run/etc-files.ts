import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { host } from './host';
import { type Mount, readOnly } from './mounts';

/** The /etc/hosts and /etc/resolv.conf that an engine makes for a container of this name and these addresses. */
export function etcFiles(name: string, addresses: readonly string[], resolver: string): Mount[] {
  const folder = join(host().state, 'etc', name);
  mkdirSync(folder, { recursive: true });
  const hosts = ['127.0.0.1 localhost', ...addresses.map((address) => `${address} ${name}`), ''];
  writeFileSync(join(folder, 'hosts'), hosts.join('\n'));
  writeFileSync(join(folder, 'resolv.conf'), resolver);
  return ['hosts', 'resolv.conf'].map((file) => readOnly(join(folder, file), `/etc/${file}`));
}
