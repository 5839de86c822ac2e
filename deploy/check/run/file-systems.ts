import { existsSync, lstatSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../compose/compose-model';
import { host } from './host';
import { type Mount, folder, link, readOnly } from './mounts';

/** Lines of /etc/passwd beside those of root and nobody. */
type Accounts = readonly string[];

/** Libraries alone: no shell, and no program but those that are given. */
export function libraries(mounts: readonly Mount[], accounts: Accounts = []): Mount[] {
  return [
    ...common(accounts),
    readOnly('/usr/lib'),
    ...sameAsHere('/lib', '/lib64', '/usr/lib64'),
    ...mounts,
  ];
}

/** As on Alpine: BusyBox, and the libraries that a program needs. */
export function alpine(mounts: readonly Mount[]): Mount[] {
  const applets = ['/bin/sh', '/usr/bin/wget'].map((path) => link(path, '/bin/busybox'));
  return libraries([readOnly(program('BUSYBOX', 'busybox'), '/bin/busybox'), ...applets, ...mounts]);
}

/** As on Debian: all programs of this machine. */
export function debian(mounts: readonly Mount[], accounts: Accounts = []): Mount[] {
  return [...common(accounts), readOnly('/usr'), ...sameAsHere('/bin', '/sbin', '/lib', '/lib64'), ...mounts];
}

/** A link where this machine has one, such as /lib to /usr/lib; else the folder. */
function sameAsHere(...paths: string[]): Mount[] {
  return paths
    .filter((path) => existsSync(path))
    .map((path) => (lstatSync(path).isSymbolicLink() ? link(path, readlinkSync(path)) : readOnly(path)));
}

function common(accounts: Accounts): Mount[] {
  const etc = join(host().state, 'etc');
  mkdirSync(etc, { recursive: true });
  const [name = 'plain'] = accounts[0]?.split(':') ?? [];
  const passwd = join(etc, `passwd-${name}`);
  const always = ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin'];
  writeOnce(passwd, [...always, ...accounts, ''].join('\n'));
  const nsswitch = join(etc, 'nsswitch.conf');
  writeOnce(nsswitch, 'passwd: files\ngroup: files\nhosts: files dns\n');
  return [
    // There, and not to be written unless something is mounted on them.
    folder('/tmp'),
    folder('/run'),
    readOnly(passwd, '/etc/passwd'),
    readOnly(nsswitch, '/etc/nsswitch.conf'),
    readOnly('/etc/ld.so.cache'),
    readOnly('/etc/ssl'),
  ];
}

/** Containers that run already have the file mounted, and would find it empty for a moment. */
function writeOnce(file: string, content: string): void {
  if (!existsSync(file)) writeFileSync(file, content);
}
