import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { type BridgeEnvironment, bridgeProcesses } from '../../../deploy/local/src/bridge';
import { ManagedProcess } from '../../../deploy/local/src/child-process';
import { freePorts } from '../../../deploy/local/src/free-port';
import { prepareNatsServer } from '../../../deploy/local/src/nats-server';
import { listensOn } from '../../../deploy/local/src/port-probe';
import { preparePostgres } from '../../../deploy/local/src/postgres';
import { FakeHomeserver } from '../../support/fake-homeserver';

/** `as-ingress` with its queue and database, and its peers; the benchmark is the homeserver, one without Rooms. */
export interface IngressServers {
  readonly natsUrl: string;
  readonly hsToken: string;
  readonly bridgeUrl: string;
  readonly peerUrls: Readonly<Record<Peer, string>>;
  stop(): Promise<void>;
}

const peers = ['matrix-bot-sdk', 'matrix-appservice'] as const;
export type Peer = (typeof peers)[number];

export async function startIngressServers(): Promise<IngressServers> {
  const directory = await mkdtemp(join(tmpdir(), 'bridge-bench-'));
  const at = (name: string) => ({
    directory: join(directory, name),
    logFile: join(directory, `${name}.log`),
  });
  const ports = await freePorts(6);
  const next = (): number => ports.pop()!;
  const hsToken = randomBytes(32).toString('hex');
  const nats = await prepareNatsServer({ port: next(), monitorPort: next(), ...at('nats') });
  const postgres = await preparePostgres({ port: next(), ...at('postgres') });
  const bridgePort = next();
  const homeserver = await FakeHomeserver.start();
  const ingress = asIngress(bridgePort, {
    hsToken,
    homeserverUrl: homeserver.url,
    natsUrl: nats.url,
    databaseUrl: postgres.databaseUrl,
    logDirectory: directory,
  });
  const peerPorts = { 'matrix-bot-sdk': next(), 'matrix-appservice': next() };
  const others = peers.map((peer) => peerProcess(peer, peerPorts[peer], hsToken, directory));
  const stop = async (): Promise<void> => {
    await Promise.all([...others, ingress].map((each) => each.stop()));
    await Promise.all([nats.process.stop(), postgres.process.stop(), homeserver.stop()]);
    await postgres.removeData();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await Promise.all([nats.process.start(), postgres.start(), ...others.map((each) => each.start())]);
    await ingress.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const urlAt = (port: number): string => `http://127.0.0.1:${port}`;
  return {
    natsUrl: nats.url,
    hsToken,
    bridgeUrl: urlAt(bridgePort),
    peerUrls: {
      'matrix-bot-sdk': urlAt(peerPorts['matrix-bot-sdk']),
      'matrix-appservice': urlAt(peerPorts['matrix-appservice']),
    },
    stop,
  };
}

function asIngress(
  port: number,
  servers: Pick<BridgeEnvironment, 'hsToken' | 'homeserverUrl' | 'natsUrl' | 'databaseUrl' | 'logDirectory'>,
): ManagedProcess {
  const { hsToken } = servers;
  const nowhere = 'http://127.0.0.1:1';
  return bridgeProcesses({
    ports: { 'as-ingress': port, 'fhir-ingress': 0, 'fhir-mapper': 0, 'room-manager': 0 },
    serverName: 'care.example',
    ...servers,
    fhirBaseUrl: nowhere,
    asToken: hsToken,
    encryptionKey: randomBytes(32).toString('base64'),
    notificationSecret: hsToken,
    settings: { LOG_LEVEL: 'info' },
  })['as-ingress'];
}

function peerProcess(peer: Peer, port: number, hsToken: string, directory: string): ManagedProcess {
  return new ManagedProcess({
    name: peer,
    command: process.execPath,
    args: [join(__dirname, `peer-${peer}.js`), String(port), hsToken],
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production' },
    logFile: join(directory, `${peer}.log`),
    ready: () => listensOn(port),
    readyWithinMs: 20_000,
  });
}
