import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { lastLines } from '../../local/src/log-tail';
import { host } from './host';
import { type Mount, planLine, readOnly } from './mounts';

/** All that a container is. */
export interface ContainerSpec {
  readonly name: string;
  /** Name of its network namespace; several containers may share one, as in a pod. */
  readonly network: string;
  readonly hostname: string;
  readonly mounts: readonly Mount[];
  readonly readOnlyRoot: boolean;
  readonly user: { readonly uid: number; readonly gid: number };
  /** As in `cap_add`; all others are taken away. */
  readonly capabilities: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly argv: readonly string[];
  readonly stopSignal: NodeJS.Signals;
  readonly stopGraceMs: number;
}

/** How the program of a container ended: its status, 128 and more after a signal. */
export type ExitStatus = number;

/** For what ends by itself, where nobody names a limit. */
export const JOB_WITHIN_MS = 120_000;
const TOOLS = '/.container';
const LINES_IN_ERRORS = 25;

/** A process in namespaces, with the files, the user and the rights that a container engine would give it. */
export class Container {
  readonly logFile: string;
  #child: ChildProcess | undefined;
  #exited: Promise<ExitStatus> = Promise.resolve(0);
  #runs = false;

  constructor(readonly spec: ContainerSpec) {
    this.logFile = join(host().state, 'logs', `${spec.name}.log`);
  }

  get runs(): boolean {
    return this.#runs;
  }

  /** Resolves when the program last started has ended. */
  get exited(): Promise<ExitStatus> {
    return this.#exited;
  }

  /** Waits until the program has ended. @throws Error with the end of its log when that takes longer */
  async endedWithin(ms: number): Promise<ExitStatus> {
    const status = await Promise.race([this.#exited, wait(ms, undefined, { ref: false })]);
    if (status !== undefined) return status;
    throw new Error(`${this.spec.name} did not end within ${ms / 1_000} s\n${this.logTail()}`);
  }

  /** Starts its program (again): it may take a moment until that is there. */
  start(): void {
    if (this.#runs) throw new Error(`${this.spec.name} runs already`);
    const { network, environment, argv } = this.spec;
    mkdirSync(join(host().state, 'logs'), { recursive: true });
    const log = openSync(this.logFile, 'a', 0o666);
    chmodSync(this.logFile, 0o666); // its user may open it again: /dev/stdout of nginx
    const namespaces = [
      '--mount',
      '--propagation=private',
      '--pid',
      '--uts',
      '--ipc',
      '--fork',
      '--kill-child',
    ];
    const args = [
      `--net=/run/netns/${network}`,
      '/usr/bin/unshare',
      ...namespaces,
      ...['/bin/sh', join(__dirname, 'container.sh'), this.#writePlan()],
      ...this.#asUser(),
      ...argv,
    ];
    const child = spawn('/usr/bin/nsenter', args, {
      env: environment,
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    this.#runs = true;
    this.#exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#runs = false;
        resolve(code ?? 128 + (signal === 'SIGKILL' ? 9 : 15));
      });
      child.once('error', () => resolve(127));
    });
  }

  /** Asks it to end as its engine would, and kills it after its time of grace. */
  async stop(): Promise<ExitStatus> {
    this.signal(this.spec.stopSignal);
    const timer = setTimeout(() => this.signal('SIGKILL'), this.spec.stopGraceMs);
    const status = await this.#exited;
    clearTimeout(timer);
    return status;
  }

  /** Sends a signal to its program, which is the first process in there. */
  signal(signal: NodeJS.Signals): void {
    const pid = this.#firstProcess();
    if (pid !== undefined) process.kill(pid, signal);
    else if (signal === 'SIGKILL') this.#child?.kill('SIGKILL');
  }

  /** Runs a further program in there, as `docker exec` does. @returns its status and what it wrote */
  async exec(argv: readonly string[], withinMs: number): Promise<{ status: ExitStatus; output: string }> {
    const pid = this.#firstProcess();
    if (pid === undefined) return { status: 126, output: `${this.spec.name} does not run` };
    const into = ['--target', String(pid), '--mount', '--uts', '--ipc', '--net', '--pid', '--root'];
    const user = host().isRoot ? [] : ['--user', '--preserve-credentials'];
    const args = [...into, ...user, '--', ...this.#asUser('exec'), ...argv];
    const child = spawn('/usr/bin/nsenter', args, {
      env: this.spec.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a group of its own, since nsenter has a child
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    const timer = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), withinMs);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    return { status: code ?? 137, output };
  }

  /** The end of its log, with its name above. */
  logTail(lines = LINES_IN_ERRORS): string {
    return `── ${this.spec.name}: the end of its log\n${lastLines(this.logFile, lines)}`;
  }

  #firstProcess(): number | undefined {
    const pid = this.#child?.pid;
    if (!this.#runs || pid === undefined) return undefined;
    try {
      const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
      return first ? Number(first) : undefined;
    } catch {
      return undefined; // it has ended just now
    }
  }

  /** Gives up root: what follows runs as the container's user, without capabilities and without a way to gain any. */
  #asUser(how: 'start' | 'exec' = 'start'): string[] {
    const { user, capabilities, workingDirectory } = this.spec;
    const [uid, gid] = [String(user.uid), String(user.gid)];
    const mapped =
      how === 'start' ? [`${TOOLS}/unshare`, '--user', `--map-user=${uid}`, `--map-group=${gid}`] : [];
    const kept = capabilities.map((name) => `,+${name.toLowerCase()}`).join('');
    const as = host().isRoot
      ? ['--reuid', uid, '--regid', gid, '--clear-groups', `--bounding-set=-all${kept}`, '--inh-caps=-all']
      : [];
    return [
      ...(host().isRoot ? [] : mapped),
      ...[`${TOOLS}/setpriv`, ...as, '--no-new-privs'],
      ...[`${TOOLS}/env`, `--chdir=${workingDirectory}`],
    ];
  }

  #writePlan(): string {
    const { name, mounts, sysctls, hostname } = this.spec;
    const tools = ['setpriv', 'env', 'unshare', 'umount'].map((tool) =>
      readOnly(`/usr/bin/${tool}`, `${TOOLS}/${tool}`),
    );
    const lines = [
      `hostname\t${hostname}`,
      ...Object.entries(sysctls).map(([key, value]) => `sysctl\t${key.replaceAll('.', '/')}\t${value}`),
      'devices',
      'processes',
      ...[...tools, ...mounts].map(planLine),
      ...(this.spec.readOnlyRoot ? ['read-only'] : []),
    ];
    const folder = join(host().state, 'plans');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, name);
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }
}

/** Runs a program of the host, such as `ip`. @throws Error with what it wrote */
export function runOnHost(command: string, args: readonly string[], input = ''): void {
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}\n${input}`);
}
