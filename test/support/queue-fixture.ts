import { Metrics } from '@bridge/platform';
import { QueueConnection, QueuePublisher, type QueueConfig } from '@bridge/queue';
import type { StoredMsg } from 'nats';
import { InspectedQueue } from './inspected-queue';
import { queueSettings } from './queue-settings';
import { startQueueWorker, type Handle, type QueueWorker, type QueueWorkerOptions } from './queue-worker';
import { until } from './until';

/** A real nats-server for one test file, and the workers and publishers of one test on it. */
export class QueueFixture {
  /** What the workers and publishers of this test start with. */
  config: QueueConfig;
  private readonly opened: { close(): Promise<void> }[] = [];

  private constructor(private readonly queue: InspectedQueue) {
    this.config = this.freshConfig();
  }

  static async start(): Promise<QueueFixture> {
    return new QueueFixture(await InspectedQueue.start());
  }

  get server(): InspectedQueue['server'] {
    return this.queue.server;
  }

  get manager(): InspectedQueue['manager'] {
    return this.queue.manager;
  }

  /** Starts a worker on MAPPING that the end of the test closes. */
  async worker(handle: Handle, options: Partial<QueueWorkerOptions> = {}): Promise<QueueWorker> {
    const worker = await startQueueWorker({ config: this.config, handle, ...options });
    this.opened.push(worker);
    return worker;
  }

  /** A process that only publishes, as an ingress does. */
  async publisher(): Promise<QueuePublisher> {
    return new QueuePublisher(await this.connection(), new Metrics());
  }

  async connection(): Promise<QueueConnection> {
    const connection = await QueueConnection.open(this.config);
    this.opened.push(connection);
    return connection;
  }

  /** Messages in the work queue MAPPING that nobody has acknowledged yet. */
  async backlog(): Promise<number> {
    return (await this.manager.streams.info('MAPPING')).state.messages;
  }

  /** Waits for the first dead letter. */
  async deadLetter(): Promise<StoredMsg> {
    return until('a dead letter', () =>
      this.manager.streams.getMessage('DEAD_LETTERS', { seq: 1 }).catch(() => undefined),
    );
  }

  /** Closes what the test opened and deletes the streams. */
  async endTest(): Promise<void> {
    await Promise.all(this.opened.splice(0).map((each) => each.close()));
    // The test may have restarted the server: what is asked while the connection comes back is lost.
    await until('JetStream to answer', () =>
      this.manager.getAccountInfo().then(
        () => true,
        () => false,
      ),
    );
    for await (const stream of this.manager.streams.names()) await this.manager.streams.delete(stream);
    this.config = this.freshConfig();
  }

  async stop(): Promise<void> {
    await this.queue.stop();
  }

  private freshConfig(): QueueConfig {
    return { ...queueSettings(this.queue.server.url, 4), app: 'queue-test' };
  }
}

/** The headers of a stored message by name. */
export function headersOf({ header }: StoredMsg): Record<string, string> {
  return Object.fromEntries(header.keys().map((name) => [name, header.get(name)]));
}
