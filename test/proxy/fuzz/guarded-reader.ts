import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeListKey, signList } from '../../../apps/messenger-proxy/src/federation-list/sign-list';
import { ManagedProcess } from '../../../deploy/local/src/child-process';
import { freePorts } from '../../../deploy/local/src/free-port';
import { answersOk } from '../../../deploy/local/src/http-probe';
import { listensOn } from '../../../deploy/local/src/port-probe';
import { projectRoot, serverBinary } from '../../../deploy/local/src/project-root';

/** How a homeserver reads what came through: see homeserver_reader.py. */
export interface Reading {
  readonly method: string;
  readonly uri: string;
  readonly case: string | null;
  readonly authorizations: number;
  readonly content: string;
  /** Those of its servlets that a rule of the proxy is about. */
  readonly servlets: readonly string[];
  /** What it would do that the proxy is there to prevent. */
  readonly wrongs: readonly string[];
}

export const PROFILES = ['closed-federation', 'tim'] as const;
export type Profile = (typeof PROFILES)[number];

/** A proxy as it is run, in a process of its own. */
export interface RunningProxy {
  readonly process: ManagedProcess;
  readonly inboundPort: number;
  readonly outboundPort: number;
  readonly url: string;
}

/** A proxy for each profile, before something that reads requests as a homeserver does. */
export interface GuardedReader {
  readonly proxies: Readonly<Record<Profile, RunningProxy>>;
  /** Where it is reached without a proxy. */
  readonly port: number;
  /** What has come through since this was last asked. */
  seen(): Promise<Reading[]>;
  stop(): Promise<void>;
}

/** @param listed homeservers of the federation list @param settings of the proxies, by profile */
export async function startGuardedReader(
  listed: readonly string[],
  settings: Partial<Record<Profile, Readonly<Record<string, string>>>> = {},
): Promise<GuardedReader> {
  const directory = await mkdtemp(join(tmpdir(), 'bridge-fuzz-'));
  const ports = await freePorts(8);
  const next = (): number => ports.pop()!;
  const [readerPort, seenPort] = [next(), next()];
  const keys = makeListKey();
  const list = join(directory, 'list.jws');
  const validUntil = new Date(Date.now() + 24 * 3_600_000);
  await writeFile(list, await signList({ version: 1, domains: listed, validUntil }, keys.privateKey));
  const reader = new ManagedProcess({
    name: 'reader',
    command: serverBinary('python'),
    args: [join(__dirname, 'homeserver_reader.py'), String(readerPort), String(seenPort)],
    env: { PATH: process.env.PATH ?? '', PYTHONDONTWRITEBYTECODE: '1' },
    logFile: join(directory, 'reader.log'),
    ready: () => listensOn(seenPort),
    readyWithinMs: 60_000,
  });
  const proxies = PROFILES.map((profile) => {
    const [httpPort, inboundPort, outboundPort] = [next(), next(), next()];
    const url = `http://127.0.0.1:${httpPort}`;
    const started = new ManagedProcess({
      name: `messenger-proxy ${profile}`,
      command: process.execPath,
      args: [join(projectRoot(), 'dist/apps/messenger-proxy/src/main.js')],
      env: {
        PATH: process.env.PATH ?? '',
        NODE_ENV: 'production',
        LOG_LEVEL: 'error',
        LOG_FORMAT: 'json',
        HTTP_HOST: '127.0.0.1',
        HTTP_PORT: String(httpPort),
        DATABASE_URL: process.env.TEST_DATABASE_URL!,
        MATRIX_SERVER_NAME: 'own.example',
        PROXY_PROFILE: profile,
        PROXY_HOMESERVER_URL: `http://127.0.0.1:${readerPort}`,
        PROXY_INBOUND_PORT: String(inboundPort),
        PROXY_ORPHANED_ROOM_MS: '0',
        PROXY_OUTBOUND_PORT: String(outboundPort),
        PROXY_OUTBOUND: 'off',
        PROXY_CONTACTS_PORT: '0',
        PROXY_INFORMATION_PORT: '0',
        PROXY_LIST: list,
        PROXY_LIST_KEY: keys.publicKey,
        // Whoever is named in a header is believed here: what is looked at is how names are read.
        PROXY_CHECK_SIGNATURES: 'false',
        PROXY_INVITES: 'listed',
        ...settings[profile],
      },
      logFile: join(directory, `${profile}.log`),
      ready: () => answersOk(`${url}/ready`),
      readyWithinMs: 30_000,
    });
    return [profile, { process: started, inboundPort, outboundPort, url }] as const;
  });
  const all = [reader, ...proxies.map(([, { process: each }]) => each)];
  const stop = async (): Promise<void> => {
    await Promise.all(all.map((each) => each.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await reader.start();
    await Promise.all(proxies.map(([, { process: each }]) => each.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    proxies: Object.fromEntries(proxies) as Record<Profile, RunningProxy>,
    port: readerPort,
    async seen() {
      const answer = await fetch(`http://127.0.0.1:${seenPort}/seen`);
      return ((await answer.json()) as { seen: Reading[] }).seen;
    },
    stop,
  };
}
