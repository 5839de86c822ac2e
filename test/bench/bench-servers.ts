import { connect, type JetStreamManager, type NatsConnection } from 'nats';
import { Client } from 'pg';
import { BRIDGE_APPS } from '../../deploy/local/src/bridge';
import { FhirApi } from '../../deploy/local/src/fhir-api';
import { subscribe } from '../../deploy/local/src/scenario/network';
import { type Stack, startStack } from '../../deploy/local/src/stack';
import { until } from '../../deploy/local/src/until';
import { workStreams } from '../support/queue-evidence';
import { type Care, startCare } from './care';

/** As in production, but for the timed comparisons of Rooms: one would fall into some round and not into another. */
const settings = {
  LOG_LEVEL: 'info',
  NATS_ACK_WAIT_MS: '30000',
  FHIR_PULL_INTERVAL_MS: '60000',
  MATRIX_RESYNC_INTERVAL_MS: '86400000',
};

/** The real servers, the bridge between them, and a look into queue and database. */
export class BenchServers {
  readonly fhir: FhirApi;

  private constructor(
    readonly stack: Stack,
    readonly nats: NatsConnection,
    readonly queue: JetStreamManager,
    readonly database: Client,
  ) {
    this.fhir = new FhirApi(stack.fhir.baseUrl);
  }

  /** The care team that the measured conversations are of; made for the first who asks. */
  care(): Promise<Care> {
    return (this.startingCare ??= startCare(this));
  }
  private startingCare?: Promise<Care>;

  static async start(signal: AbortSignal): Promise<BenchServers> {
    const stack = await startStack({ signal, settings });
    try {
      await stack.startBridge();
      const nats = await connect({ servers: stack.federation.natsUrl });
      const database = new Client({ connectionString: stack.federation.databaseUrl });
      await database.connect();
      const servers = new BenchServers(stack, nats, await nats.jetstreamManager(), database);
      await subscribe(servers.fhir, stack);
      return servers;
    } catch (error) {
      await stack.stop('failed');
      throw error;
    }
  }

  /** Waits until both work queues are empty. */
  async queuesEmpty(): Promise<void> {
    await until(
      'empty queues',
      async () => {
        const streams = await Promise.all(workStreams.map((name) => this.queue.streams.info(name)));
        return streams.every(({ state }) => state.messages === 0);
      },
      300_000,
    );
  }

  /** Waits until the bridge has nothing left to do: the queues are empty, and the audit server has all AuditEvents. */
  async quiet(): Promise<void> {
    await until(
      'a quiet bridge',
      async () => {
        await this.queuesEmpty();
        return (await this.count('audit_outbox')) === 0;
      },
      300_000,
    );
  }

  /**
   * Does something while the bridge stands still: what the servers alone take. Whatever they tell the bridge in the
   * meantime waits, and is done afterwards.
   */
  async withoutBridge<T>(work: () => Promise<T>): Promise<T> {
    const processes = BRIDGE_APPS.map((app) => this.stack.bridge[app]);
    for (const each of processes) each.kill('SIGSTOP');
    try {
      return await work();
    } finally {
      for (const each of processes) each.kill('SIGCONT');
    }
  }

  /** Waits until so many messages are on both sides. */
  async bridged(messages: number): Promise<void> {
    await until(
      `${messages} messages on both sides`,
      async () => (await this.count('message_link', 'event_id IS NOT NULL')) >= messages,
      300_000,
    );
  }

  /** Rows of a table. @param where of SQL */
  async count(table: string, where = 'true'): Promise<number> {
    const { rows } = await this.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${table} WHERE ${where}`,
    );
    return rows[0]!.n;
  }

  async stop(outcome: 'succeeded' | 'failed'): Promise<void> {
    await Promise.all([this.nats.close(), this.database.end()]);
    await this.stack.stop(outcome);
  }
}
