import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BridgeApp,
  type BridgeEnvironment,
  bridgeProcesses,
  urlOf,
} from '../../deploy/local/src/bridge';
import type { ManagedProcess } from '../../deploy/local/src/child-process';
import { FhirApi } from '../../deploy/local/src/fhir-api';
import { localFhirServer } from '../../deploy/local/src/fhir-server-process';
import { freePorts } from '../../deploy/local/src/free-port';
import { queryDatabase } from './database';
import { createDatabase, dropDatabase } from './fresh-database';
import { InspectedQueue } from './inspected-queue';

/** The FHIR server as a process, and a folder for logs, which is kept when a test has failed. */
export interface RecordServer {
  readonly api: FhirApi;
  readonly baseUrl: string;
  readonly logDirectory: string;
  remove(ref: string): Promise<void>;
  stop(outcome: 'succeeded' | 'failed'): Promise<void>;
}

/** The half of a bridge that faces the FHIR server: what it decides waits in ROOMS, which nobody reads. */
export interface FhirSide {
  readonly queue: InspectedQueue;
  readonly databaseUrl: string;
  readonly environment: BridgeEnvironment;
  readonly bridge: Readonly<Record<BridgeApp, ManagedProcess>>;
  readonly notifyUrl: string;
  query<T extends object>(statement: string): Promise<T[]>;
  stop(): Promise<void>;
}

/** Starts the local FHIR server. Takes about a second. */
export async function startRecordServer(): Promise<RecordServer> {
  const [port = 0] = await freePorts(1);
  const logDirectory = await mkdtemp(join(tmpdir(), 'bridge-fhir-side-'));
  const { baseUrl, process: server } = localFhirServer({
    port,
    directory: logDirectory,
    logFile: join(logDirectory, 'fhir-server.log'),
  });
  await server.start();
  return {
    api: new FhirApi(baseUrl),
    baseUrl,
    logDirectory,
    async remove(ref) {
      const { status } = await fetch(`${baseUrl}/${ref}`, { method: 'DELETE' });
      if (status !== 204) throw new Error(`DELETE ${ref} was answered with ${status}`);
    },
    async stop(outcome) {
      await server.stop();
      if (outcome === 'succeeded') await rm(logDirectory, { recursive: true, force: true });
      else console.log(`Logs: ${logDirectory}`);
    },
  };
}

/**
 * Makes ready a queue and a database of its own, and fhir-ingress and fhir-mapper in front of them, which are not
 * started yet. There is no homeserver: nothing of what comes from FHIR needs one before room-manager.
 * @param queueFolder where NATS gets a folder for what it stores; the machine's temporary folder unless given
 */
export async function prepareFhirSide(
  record: RecordServer,
  name: string,
  settings: Readonly<Record<string, string>> = {},
  queueFolder?: string,
): Promise<FhirSide> {
  const [queue, databaseUrl, ports] = await Promise.all([
    InspectedQueue.start(queueFolder),
    createDatabase(),
    freePorts(4),
  ]);
  const environment: BridgeEnvironment = {
    ports: {
      'as-ingress': ports[0]!,
      'fhir-ingress': ports[1]!,
      'fhir-mapper': ports[2]!,
      'room-manager': ports[3]!,
    },
    serverName: 'care.example',
    homeserverUrl: 'http://127.0.0.1:9',
    natsUrl: queue.server.url,
    databaseUrl,
    fhirBaseUrl: record.baseUrl,
    asToken: randomBytes(32).toString('hex'),
    hsToken: randomBytes(32).toString('hex'),
    encryptionKey: randomBytes(32).toString('base64'),
    notificationSecret: randomBytes(32).toString('hex'),
    logDirectory: join(record.logDirectory, name),
    settings,
  };
  const bridge = bridgeProcesses(environment);
  return {
    queue,
    databaseUrl,
    environment,
    bridge,
    notifyUrl: `${urlOf('fhir-ingress', environment)}/notify/ehr`,
    query: (statement) => queryDatabase(databaseUrl, statement),
    async stop() {
      await Promise.all(Object.values(bridge).map((each) => each.stop()));
      await queue.stop();
      await dropDatabase(databaseUrl);
    },
  };
}
