import { join } from 'node:path';
import { BRIDGE_APPS, type BridgeApp, bridgeProcess } from '../../deploy/local/src/bridge';
import { type BridgeSecrets, bridgeSecrets, registrationOf } from '../../deploy/local/src/bridge-secrets';
import type { ManagedProcess } from '../../deploy/local/src/child-process';
import { type Federation, type Organisation, startFederation } from '../../deploy/local/src/federation';
import { type FhirServer, localFhirServer } from '../../deploy/local/src/fhir-server-process';
import { freePorts } from '../../deploy/local/src/free-port';
import { migrate } from '../../deploy/local/src/migrate';
import { projectRoot } from '../../deploy/local/src/project-root';
import { type OnStep, timedStep } from '../../deploy/local/src/step-timer';
import { NotificationChannel } from './notification-channel';
import { Replica } from './replica';
import { TcpProxy } from './tcp-proxy';

/** What the bridge is reached by, and what it reaches: each by a proxy. */
export const links = ['nats', 'postgres', 'homeserver', 'fhir', 'as-ingress', 'fhir-ingress'] as const;
export type Link = (typeof links)[number];

const replicasOfEach = 2;

/** How wrong the clocks are. The bridge asks for none that is right. */
export const clockSkewMs = {
  /** Of the partners' homeservers: in the events that their people say. */
  huisarts: -45 * 60_000,
  apotheek: 45 * 60_000,
  /** Of the second replica of each process. */
  secondReplica: 90_000,
} as const;

/** The names of an app's processes. */
export function replicaNames(app: BridgeApp): string[] {
  return Array.from({ length: replicasOfEach }, (_, index) => `${app} ${index + 1}`);
}

/** All servers, and a bridge with replicas of which every connection can be broken. */
export interface ChaosStack {
  readonly federation: Federation;
  readonly nats: ManagedProcess;
  readonly postgres: ManagedProcess;
  /** By name: "fhir-mapper 2". */
  readonly replicas: ReadonlyMap<string, Replica>;
  readonly notifications: NotificationChannel;
  /** Where the bridge finds the FHIR server, and so do the people who write there. */
  readonly fhirUrl: string;
  /** The FHIR server itself, for reading what came of it all. */
  readonly directFhirUrl: string;
  link(name: Link): TcpProxy;
  stop(outcome: 'succeeded' | 'failed'): Promise<void>;
}

/**
 * Starts the servers and the bridge.
 * @param compareEveryMs how often the bridge compares each Room with what arrived: its own homeserver, when it was away,
 *   may get to know of what others said without telling anybody
 * @throws Error with the end of the log of what did not start; nothing is left running then
 */
export async function startChaosStack(
  compareEveryMs: number,
  onStep: OnStep,
  signal: AbortSignal,
): Promise<ChaosStack> {
  const parts: Parts = { proxies: new Map(), replicas: new Map() };
  const listenAt = await linkPorts();
  const secrets = bridgeSecrets();
  const federation = await startFederation({
    onStep,
    signal,
    homeserverEnv: clockOfHomeserver,
    registrationYaml: (serverName) => registrationOf(secrets, serverName, localUrl(listenAt['as-ingress'])),
  });
  const stop = (outcome: 'succeeded' | 'failed'): Promise<void> => stopAll(parts, federation, outcome);
  try {
    const { natsProcess: nats, postgresProcess: postgres } = federation;
    if (!nats || !postgres) throw new Error('The servers of NATS_URL and DATABASE_URL cannot be killed.');
    const [fhirPort, notificationPort] = (await freePorts(2)) as [number, number];
    parts.fhir = localFhirServer({
      port: fhirPort,
      directory: join(federation.stateDirectory, 'fhir-server'),
      logFile: join(federation.logDirectory, 'fhir-server.log'),
    });
    const ingresses = await makeReplicas(parts, {
      federation,
      secrets,
      listenAt,
      notificationPort,
      compareEveryMs,
    });
    const behind: Record<Link, readonly number[]> = {
      ...ingresses,
      nats: [portOf(federation.natsUrl)],
      postgres: [portOf(federation.databaseUrl)],
      homeserver: [portOf(federation.homeservers.vvt.clientUrl)],
      fhir: [fhirPort],
    };
    for (const link of links) parts.proxies.set(link, await TcpProxy.start(listenAt[link], behind[link]));
    parts.notifications = await NotificationChannel.start(
      notificationPort,
      localUrl(listenAt['fhir-ingress']),
    );
    await Promise.all([
      timedStep(onStep, 'FHIR server', () => parts.fhir!.process.start()),
      timedStep(onStep, 'database migrations', () => migrate(federation.databaseUrl)),
    ]);
    signal.throwIfAborted();
    const starts = [...parts.replicas].map(([name, replica]) =>
      timedStep(onStep, name, () => replica.start()),
    );
    await Promise.all(starts);
    return {
      federation,
      nats,
      postgres,
      replicas: parts.replicas,
      notifications: parts.notifications,
      fhirUrl: `${localUrl(listenAt.fhir)}/fhir`,
      directFhirUrl: parts.fhir.baseUrl,
      link: (name) => parts.proxies.get(name)!,
      stop,
    };
  } catch (error) {
    await stop(signal.aborted ? 'succeeded' : 'failed');
    throw error;
  }
}

/** What there is so far. */
interface Parts {
  readonly proxies: Map<Link, TcpProxy>;
  readonly replicas: Map<string, Replica>;
  fhir?: FhirServer;
  notifications?: NotificationChannel;
}

async function linkPorts(): Promise<Record<Link, number>> {
  const ports = await freePorts(links.length);
  return Object.fromEntries(links.map((link, index) => [link, ports[index]!])) as Record<Link, number>;
}

/** What the processes of the bridge are set to. */
interface Surroundings {
  readonly federation: Federation;
  readonly secrets: BridgeSecrets;
  readonly listenAt: Readonly<Record<Link, number>>;
  readonly notificationPort: number;
  readonly compareEveryMs: number;
}

/** @returns where the replicas of the ingresses listen */
async function makeReplicas(
  { replicas }: Parts,
  { federation, secrets, listenAt, notificationPort, compareEveryMs }: Surroundings,
): Promise<Record<'as-ingress' | 'fhir-ingress', readonly number[]>> {
  const environment = {
    ...secrets,
    serverName: federation.homeservers.vvt.serverName,
    homeserverUrl: localUrl(listenAt.homeserver),
    natsUrl: throughPort(federation.natsUrl, listenAt.nats),
    databaseUrl: throughPort(federation.databaseUrl, listenAt.postgres),
    fhirBaseUrl: `${localUrl(listenAt.fhir)}/fhir`,
    logDirectory: federation.logDirectory,
    settings: {
      // A FHIR server gives up a Subscription whose notifications fail: the bridge is to mend its own.
      FHIR_SUBSCRIPTIONS: 'managed',
      FHIR_SUBSCRIPTION_ENDPOINT: `${localUrl(notificationPort)}/notify/ehr`,
      FHIR_SUBSCRIPTION_HEADER: `Authorization: Bearer ${secrets.notificationSecret}`,
      FHIR_SUBSCRIPTION_CHECK_INTERVAL_MS: '10000',
      MATRIX_RESYNC_INTERVAL_MS: String(compareEveryMs),
    },
  };
  const ports = Object.fromEntries(BRIDGE_APPS.map((app) => [app, [] as number[]])) as Record<
    BridgeApp,
    number[]
  >;
  for (const app of BRIDGE_APPS) {
    for (const [index, name] of replicaNames(app).entries()) {
      const [port] = (await freePorts(1)) as [number];
      const settings = { ...environment.settings, ...(index === 1 ? skewedClock : {}) };
      const process = bridgeProcess(app, { ...environment, settings }, { name, port });
      replicas.set(name, new Replica(process));
      ports[app].push(port);
    }
  }
  return { 'as-ingress': ports['as-ingress'], 'fhir-ingress': ports['fhir-ingress'] };
}

async function stopAll(
  { proxies, replicas, fhir, notifications }: Parts,
  federation: Federation,
  outcome: 'succeeded' | 'failed',
): Promise<void> {
  for (const proxy of proxies.values()) proxy.clear();
  await Promise.all([...replicas.values()].map((each) => each.stop()));
  await notifications?.stop();
  await fhir?.process.stop();
  await Promise.all([...proxies.values()].map((each) => each.stop()));
  await federation.stop(outcome);
}

const skewedClock: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--require=${join(projectRoot(), 'dist/test/chaos/skewed-clock.js')}`,
  CHAOS_CLOCK_SKEW_MS: String(clockSkewMs.secondReplica),
};

function clockOfHomeserver(organisation: Organisation): Record<string, string> {
  if (organisation === 'vvt') return {};
  return {
    PYTHONPATH: join(projectRoot(), 'test/chaos/skewed-clock'),
    CHAOS_CLOCK_SKEW_S: String(clockSkewMs[organisation] / 1_000),
  };
}

function localUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function throughPort(url: string, port: number): string {
  return url.replace(/:\d+(?=\/|$)/, `:${port}`);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
