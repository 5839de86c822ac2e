import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueueConnection } from '@bridge/queue';
import { connect, type JetStreamManager, type NatsConnection } from 'nats';
import { type BridgeEnvironment, bridgeProcess } from '../../deploy/local/src/bridge';
import { bridgeSecrets } from '../../deploy/local/src/bridge-secrets';
import { ManagedProcess } from '../../deploy/local/src/child-process';
import { freePorts } from '../../deploy/local/src/free-port';
import { answersOk } from '../../deploy/local/src/http-probe';
import { type NatsServer, prepareNatsServer } from '../../deploy/local/src/nats-server';
import { projectRoot } from '../../deploy/local/src/project-root';
import { queueSettings } from '../support/queue-settings';
import type { Seen } from './stubs/numbers-seen';
import { seenPath } from './stubs/stub';

/** The processes that work through the queues: those that are run in several replicas here. */
export type WorkerApp = 'fhir-mapper' | 'room-manager';

/** One process of a worker, and where its metrics are. */
export interface Replica {
  readonly process: ManagedProcess;
  readonly url: string;
}

/** As by default (`NATS_PARTITIONS`). */
export const defaultPartitions = 32;

/** As in production, but for what begins by itself: it would fall into one measurement and not into another. */
const quietSettings = {
  LOG_LEVEL: 'info',
  NATS_ACK_WAIT_MS: '30000',
  NATS_MAX_BYTES: String(16 * 1024 ** 3),
  MATRIX_RESYNC_INTERVAL_MS: '86400000',
};

/**
 * A real nats-server, a homeserver and a FHIR server that answer after a fixed time, and workers between them on a
 * database that is given. The contract of scale asks for fixed answer times, which no real server has.
 */
export class ScaleServers {
  private readonly workers: ManagedProcess[] = [];

  private constructor(
    private readonly environment: Omit<BridgeEnvironment, 'ports'>,
    private readonly server: NatsServer,
    private readonly stubs: ManagedProcess,
    readonly nats: NatsConnection,
    readonly queue: JetStreamManager,
    private readonly directory: string,
  ) {}

  static async start(options: {
    readonly databaseUrl: string;
    readonly answerMs: number;
    readonly settings?: Readonly<Record<string, string>>;
  }): Promise<ScaleServers> {
    const directory = await mkdtemp(join(tmpdir(), 'bridge-scale-'));
    const [port = 0, monitorPort = 0, homeserverPort = 0, fhirPort = 0] = await freePorts(4);
    const logFile = (name: string): string => join(directory, `${name}.log`);
    const server = await prepareNatsServer({ port, monitorPort, directory, logFile: logFile('nats') });
    const homeserverUrl = `http://127.0.0.1:${homeserverPort}`;
    const stubs = new ManagedProcess({
      name: 'stub servers',
      command: process.execPath,
      args: [
        join(projectRoot(), 'dist/test/scale/stubs/main.js'),
        ...[homeserverPort, fhirPort, options.answerMs].map(String),
      ],
      env: { PATH: process.env.PATH ?? '' },
      logFile: logFile('stubs'),
      ready: () => answersOk(`${homeserverUrl}${seenPath}`),
      readyWithinMs: 30_000,
    });
    const environment = {
      ...bridgeSecrets(),
      serverName: 'care.example',
      homeserverUrl,
      fhirBaseUrl: `http://127.0.0.1:${fhirPort}/fhir`,
      natsUrl: server.url,
      databaseUrl: options.databaseUrl,
      logDirectory: directory,
      settings: { ...quietSettings, ...options.settings },
    };
    try {
      await Promise.all([server.process.start(), stubs.start()]);
      const nats = await connect({ servers: server.url });
      const queue = await nats.jetstreamManager();
      return new ScaleServers(environment, server, stubs, nats, queue, directory);
    } catch (error) {
      await Promise.all([stubs.stop(), server.process.stop()]);
      throw error;
    }
  }

  /** Makes the streams, for messages that are to be there before any worker is. */
  async makeStreams(): Promise<void> {
    const partitions = Number(this.environment.settings['NATS_PARTITIONS'] ?? defaultPartitions);
    const queue = await QueueConnection.open({
      ...queueSettings(this.environment.natsUrl, partitions),
      maxBytes: Number(quietSettings.NATS_MAX_BYTES),
      app: 'scale',
    });
    await queue.close();
  }

  /** A replica that is made ready and not started; `stop` stops it as well. @param name tells it from the others */
  async replica(app: WorkerApp, name: string): Promise<Replica> {
    const [port = 0] = await freePorts(1);
    const process = bridgeProcess(app, this.environment, { name, port });
    this.workers.push(process);
    return { process, url: `http://127.0.0.1:${port}` };
  }

  /** Messages in a work queue that no worker is done with. */
  async backlog(stream: 'MAPPING' | 'ROOMS'): Promise<number> {
    return (await this.queue.streams.info(stream)).state.messages;
  }

  /** What the homeserver has seen of the numbered messages. */
  async seenInMatrix(): Promise<Seen> {
    return this.seenAt(this.environment.homeserverUrl);
  }

  /** What the FHIR server has seen of the numbered messages. */
  async seenInRecord(): Promise<Seen> {
    return this.seenAt(new URL(this.environment.fhirBaseUrl).origin);
  }

  /** Stops everything, and removes what was stored. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await this.nats.close();
    await Promise.all([this.stubs.stop(), this.server.process.stop()]);
    await rm(this.directory, { recursive: true, force: true });
  }

  private async seenAt(origin: string): Promise<Seen> {
    return (await (await fetch(`${origin}${seenPath}`)).json()) as Seen;
  }
}
