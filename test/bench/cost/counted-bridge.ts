import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BRIDGE_APPS, type BridgeApp, bridgeProcesses } from '../../../deploy/local/src/bridge';
import type { ManagedProcess } from '../../../deploy/local/src/child-process';
import type { BenchServers } from '../bench-servers';
import { allocatedSince } from './allocations';
import { CountingProxy, fhirPurpose, matrixPurpose } from './counting-proxy';
import { cpuMilliseconds } from './processes';
import { kindsSince } from './statements';

/** What something cost. */
export interface Cost {
  /** Milliseconds, of each process. */
  readonly cpu: Readonly<Record<BridgeApp, number>>;
  readonly allocatedBytes: number;
  /** Statements in Postgres that something waited for, by their text. */
  readonly statements: readonly [statement: string, count: number][];
  readonly fhirCalls: ReadonlyMap<string, number>;
  readonly matrixCalls: ReadonlyMap<string, number>;
}

/** The bridge with its calls and its statements counted, in the place of the one that is not. */
export class CountedBridge {
  private constructor(
    private readonly servers: BenchServers,
    private readonly processes: Readonly<Record<BridgeApp, ManagedProcess>>,
    private readonly fhir: CountingProxy,
    private readonly homeserver: CountingProxy,
  ) {}

  /** @throws Error where Postgres is not the bench's own: its log cannot be read */
  static async start(servers: BenchServers): Promise<CountedBridge> {
    if (process.env.DATABASE_URL)
      throw new Error('Statements cannot be counted in the Postgres of DATABASE_URL');
    const { bridge, environment } = servers.stack;
    await Promise.all(Object.values(bridge).map((each) => each.stop()));
    await logStatements(servers, 'all');
    const fhir = await CountingProxy.start(environment.fhirBaseUrl, fhirPurpose);
    const homeserver = await CountingProxy.start(environment.homeserverUrl, matrixPurpose);
    const NODE_OPTIONS = `--require ${join(__dirname, 'trace-gc.js')}`;
    const processes = bridgeProcesses({
      ...environment,
      fhirBaseUrl: fhir.url,
      homeserverUrl: homeserver.url,
      settings: { ...environment.settings, NODE_OPTIONS },
    });
    const counted = new CountedBridge(servers, processes, fhir, homeserver);
    for (const app of BRIDGE_APPS) await processes[app].start();
    return counted;
  }

  /** Does something and waits until the bridge has nothing left to do. @returns what all of that cost */
  async costOf(work: () => Promise<unknown>): Promise<Cost> {
    await this.servers.quiet();
    const before = this.meters();
    const lengths = new Map(this.logFiles().map((file) => [file, statSync(file).size]));
    this.fhir.calls.clear();
    this.homeserver.calls.clear();
    await work();
    await this.servers.quiet();
    const after = this.meters();
    const cpu = Object.fromEntries(BRIDGE_APPS.map((app) => [app, after[app] - before[app]]));
    const allocated = this.gcLogs().map((file) => allocatedSince(file, lengths.get(file)!));
    return {
      cpu: cpu as Cost['cpu'],
      allocatedBytes: allocated.reduce((sum, bytes) => sum + bytes, 0),
      statements: kindsSince(this.postgresLog(), lengths.get(this.postgresLog())!),
      fhirCalls: new Map(this.fhir.calls),
      matrixCalls: new Map(this.homeserver.calls),
    };
  }

  /** Puts the other bridge in its place again. */
  async stop(): Promise<void> {
    await Promise.all(Object.values(this.processes).map((each) => each.stop()));
    await Promise.all([this.fhir.stop(), this.homeserver.stop()]);
    await logStatements(this.servers, 'none');
    await this.servers.stack.startBridge();
  }

  private meters(): Record<BridgeApp, number> {
    return Object.fromEntries(
      BRIDGE_APPS.map((app) => [app, cpuMilliseconds(this.processes[app].pid!)]),
    ) as Record<BridgeApp, number>;
  }

  private logFiles(): string[] {
    return [...this.gcLogs(), this.postgresLog()];
  }

  private gcLogs(): string[] {
    return BRIDGE_APPS.map((app) => this.processes[app].spec.logFile);
  }

  private postgresLog(): string {
    return join(this.servers.stack.federation.logDirectory, 'postgres.log');
  }
}

async function logStatements({ database }: BenchServers, which: 'all' | 'none'): Promise<void> {
  await database.query(`ALTER SYSTEM SET log_statement = '${which}'`);
  await database.query('SELECT pg_reload_conf()');
}
