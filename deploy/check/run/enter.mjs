// Runs a script of Node in a machine within the machine: with networks, mounts and processes of its own, in which
// container.ts starts containers. No container engine and, where the kernel lets anybody make user namespaces, no root.
// When it ends, or is killed, all that runs in there ends with it.
//   node enter.mjs <script> [<argument>...]        with the images' own Node, which NODE_OF_IMAGES names
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const RUNS = join(HERE, '../../../.cache/run');
const PROGRAMS = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  mount: 'util-linux',
  ip: 'iproute2',
  pivot_root: 'util-linux',
  hostname: 'hostname',
  curl: 'curl',
};
const NAMESPACES = [
  '--net',
  '--mount',
  '--propagation=private',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
];

// On Debian they are not on the PATH of others than root.
process.env.PATH = [process.env.PATH, '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter);

process.exitCode = await main(process.argv.slice(2));

async function main(script) {
  const isRoot = process.getuid?.() === 0;
  const outer = isRoot ? NAMESPACES : ['--user', '--map-root-user', ...NAMESPACES];
  const node = process.env.NODE_OF_IMAGES;
  const problems = node
    ? inspect(outer, isRoot)
    : ['NODE_OF_IMAGES is not set. Mend: start with npm run deploy:check.'];
  if (problems.length > 0) {
    console.error(
      ['The containers cannot be run here:', ...problems.map((each) => `  - ${each}`)].join('\n'),
    );
    return 2;
  }
  mkdirSync(RUNS, { recursive: true });
  const state = mkdtempSync(join(RUNS, 'containers-'));
  writeFileSync(join(state, 'hosts'), '127.0.0.1 localhost\n');
  const env = { ...process.env, CONTAINERS_STATE: state, CONTAINERS_AS: isRoot ? 'root' : 'user' };
  const code = await run(['unshare', ...outer, 'sh', join(HERE, 'host.sh'), node, ...script], env);
  if (code === 0) rmSync(state, { recursive: true, force: true });
  else console.error(`The logs of the containers are in ${join(state, 'logs')}`);
  return code;
}

/** What is missing, each with its mend. */
function inspect(outer, isRoot) {
  if (process.platform !== 'linux') return ['Linux is needed: namespaces are its own.'];
  const missing = Object.entries(PROGRAMS).filter(([name]) => spawnSync(name, ['--help']).error);
  if (missing.length > 0) {
    return missing.map(([name, from]) => `${name} is missing. Mend: install ${from}.`);
  }
  // A bridge as well: a kernel may lack the module, or a sandbox the right to make one. And where this is not root, each
  // container has a user namespace of its own within.
  const bridge = 'ip link add probe type bridge';
  const inner = isRoot ? 'true' : 'unshare --user --map-user=10001 --map-group=10001 true';
  const probe = spawnSync('unshare', [...outer, 'sh', '-c', `${bridge} && ${inner}`], { encoding: 'utf8' });
  if (probe.status === 0) return [];
  return [
    `Namespaces for networks, mounts and processes are needed, and were refused: ${probe.stderr.trim()}. ` +
      (isRoot
        ? 'Mend: run where root has CAP_SYS_ADMIN and CAP_NET_ADMIN.'
        : 'Mend: run as root, or let users make namespaces: sysctl user.max_user_namespaces=10000 and, where there ' +
          'are these, kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0.'),
  ];
}

/** Runs it to its end. Whoever ends this process, by whatever signal, ends that one. */
async function run(command, env) {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { env, stdio: 'inherit' });
  let interrupted;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      interrupted ??= signal;
      child.kill('SIGKILL'); // and the kernel then kills all that is in there
    });
  }
  const [code] = await new Promise((resolve) => child.once('close', (...ended) => resolve(ended)));
  return interrupted ? 130 : (code ?? 1);
}
