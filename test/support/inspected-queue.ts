import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, Events, type JetStreamManager, type NatsConnection } from 'nats';
import { freePorts } from '../../deploy/local/src/free-port';
import { prepareNatsServer, type NatsServer } from '../../deploy/local/src/nats-server';

/** A message as the server holds it. */
export interface StoredMessage {
  readonly subject: string;
  readonly payload: Buffer;
  header(name: string): string;
}

/** A nats-server of the test's own, which it may kill, and a look into what its streams hold. */
export class InspectedQueue {
  private readonly known = new Map<string, readonly StoredMessage[]>();

  private constructor(
    readonly server: NatsServer,
    readonly manager: JetStreamManager,
    private readonly connection: NatsConnection,
    private readonly directory: string,
  ) {}

  /** @param parent the folder in which the server gets one of its own */
  static async start(parent = tmpdir()): Promise<InspectedQueue> {
    const directory = await mkdtemp(join(parent, 'bridge-nats-'));
    const [port = 0, monitorPort = 0] = await freePorts(2);
    const logFile = join(directory, 'nats.log');
    const server = await prepareNatsServer({ port, monitorPort, directory, logFile });
    await server.process.start();
    const connection = await connect({
      servers: server.url,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    return new InspectedQueue(server, await connection.jetstreamManager(), connection, directory);
  }

  /** What a stream holds now, oldest first. */
  async held(stream: string): Promise<StoredMessage[]> {
    const { state } = await this.manager.streams.info(stream);
    const sequences = Array.from(
      { length: state.messages && state.last_seq - state.first_seq + 1 },
      (_, index) => state.first_seq + index,
    );
    return Promise.all(sequences.map((seq) => this.stored(stream, seq)));
  }

  /** As `held`, of a stream that nobody reads: only what is new since the last time is fetched. */
  async heldSoFar(stream: string): Promise<readonly StoredMessage[]> {
    const known = this.known.get(stream) ?? [];
    const { state } = await this.manager.streams.info(stream);
    const sequences = Array.from(
      { length: state.last_seq - known.length },
      (_, index) => known.length + 1 + index,
    );
    const all = [...known, ...(await Promise.all(sequences.map((seq) => this.stored(stream, seq))))];
    this.known.set(stream, all);
    return all;
  }

  /** The JSON of the messages that a stream holds now, oldest first. */
  async heldJson(stream: string): Promise<Record<string, unknown>[]> {
    const messages = await this.held(stream);
    return messages.map(({ payload }) => JSON.parse(payload.toString()) as Record<string, unknown>);
  }

  async empty(...streams: string[]): Promise<void> {
    await Promise.all(streams.map((stream) => this.manager.streams.purge(stream)));
  }

  /** Kills the server and resolves when it is gone. */
  async killServer(): Promise<void> {
    this.server.process.kill('SIGKILL');
    await this.server.process.exited;
  }

  /** Starts the killed server again, on what it had stored, and resolves when this look into it works again. */
  async startServerAgain(): Promise<void> {
    const back = this.reconnected();
    await this.server.process.start();
    await back;
  }

  async stop(): Promise<void> {
    await this.connection.close();
    await this.server.process.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async stored(stream: string, seq: number): Promise<StoredMessage> {
    const { subject, data, header } = await this.manager.streams.getMessage(stream, { seq });
    return { subject, payload: Buffer.from(data), header: (name: string) => header.get(name) };
  }

  private async reconnected(): Promise<void> {
    for await (const { type } of this.connection.status()) if (type === Events.Reconnect) return;
  }
}
