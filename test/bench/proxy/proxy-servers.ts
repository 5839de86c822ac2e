import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeListKey, signList } from '../../../apps/messenger-proxy/src/federation-list/sign-list';
import { ManagedProcess } from '../../../deploy/local/src/child-process';
import { freePorts } from '../../../deploy/local/src/free-port';
import { answersOk } from '../../../deploy/local/src/http-probe';
import { migrate } from '../../../deploy/local/src/migrate';
import { listensOn } from '../../../deploy/local/src/port-probe';
import { preparePostgres } from '../../../deploy/local/src/postgres';
import { projectRoot } from '../../../deploy/local/src/project-root';
import { plainNginx } from './plain-nginx';

/** What requests go through. */
export const ways = ['direct', 'nginx', 'ours'] as const;
export type Way = (typeof ways)[number];

/** Something that answers like a homeserver, and the ways to it, each in a process of its own. */
export interface ProxyServers {
  readonly urls: Readonly<Record<Way, string>>;
  readonly pids: Readonly<Record<Exclude<Way, 'direct'>, number>>;
  stop(): Promise<void>;
}

export async function startProxyServers(): Promise<ProxyServers> {
  const directory = await mkdtemp(join(tmpdir(), 'bridge-bench-'));
  const [upstreamPort = 0, nginxPort = 0, inboundPort = 0, httpPort = 0, databasePort = 0] =
    await freePorts(5);
  const postgres = await preparePostgres({
    port: databasePort,
    directory: join(directory, 'postgres'),
    logFile: join(directory, 'postgres.log'),
  });
  const upstream = new ManagedProcess({
    name: 'upstream',
    command: process.execPath,
    args: [join(__dirname, 'upstream.js'), String(upstreamPort)],
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production' },
    logFile: join(directory, 'upstream.log'),
    ready: () => listensOn(upstreamPort),
    readyWithinMs: 20_000,
  });
  const running: ManagedProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((each) => each.stop()));
    await postgres.process.stop();
    await postgres.removeData();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const nginx = await plainNginx(nginxPort, upstreamPort, join(directory, 'nginx'));
    await postgres.start();
    await migrate(postgres.databaseUrl);
    const ours = ourProxy(directory, httpPort, {
      ...(await listSettings(directory)),
      DATABASE_URL: postgres.databaseUrl,
      PROXY_HOMESERVER_URL: `http://127.0.0.1:${upstreamPort}`,
      PROXY_INBOUND_PORT: String(inboundPort),
    });
    for (const each of [upstream, nginx, ours]) {
      await each.start();
      running.push(each);
    }
    const urlAt = (port: number): string => `http://127.0.0.1:${port}`;
    return {
      urls: { direct: urlAt(upstreamPort), nginx: urlAt(nginxPort), ours: urlAt(inboundPort) },
      pids: { nginx: nginx.pid!, ours: ours.pid! },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As in production, with all the rules that there are. */
function ourProxy(directory: string, httpPort: number, settings: Record<string, string>): ManagedProcess {
  return new ManagedProcess({
    name: 'messenger-proxy',
    command: process.execPath,
    args: [join(projectRoot(), 'dist/apps/messenger-proxy/src/main.js')],
    env: {
      PATH: process.env.PATH ?? '',
      NODE_ENV: 'production',
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(httpPort),
      MATRIX_SERVER_NAME: 'care.example',
      PROXY_PROFILE: 'tim',
      PROXY_OUTBOUND: 'off',
      PROXY_CONTACTS_PORT: '0',
      PROXY_INFORMATION_PORT: '0',
      PROXY_ADMIN_TOKEN: randomBytes(16).toString('hex'),
      PROXY_REMEMBER_MS: '3600000',
      ...settings,
    },
    logFile: join(directory, 'messenger-proxy.log'),
    ready: () => answersOk(`http://127.0.0.1:${httpPort}/ready`),
    readyWithinMs: 30_000,
  });
}

async function listSettings(directory: string): Promise<Record<string, string>> {
  const { privateKey, publicKey } = makeListKey();
  const validUntil = new Date(Date.now() + 24 * 3_600_000);
  const file = join(directory, 'federation.jws');
  await writeFile(file, await signList({ version: 1, domains: ['care.example'], validUntil }, privateKey));
  return { PROXY_LIST: file, PROXY_LIST_KEY: publicKey };
}
