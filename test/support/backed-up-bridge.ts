import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BRIDGE_APPS, type BridgeApp, bridgeProcesses } from '../../deploy/local/src/bridge';
import type { ManagedProcess } from '../../deploy/local/src/child-process';
import { projectRoot } from '../../deploy/local/src/project-root';
import type { Stack } from '../../deploy/local/src/stack';
import { queryDatabase } from './database';
import { type Ended, runToEnd } from './ended-program';
import { postgresClients } from './postgres-clients';

/** Files of an organisation beside its secrets, as deploy/compose has them. */
const otherFiles = {
  'registrations/fhir-matrix-bridge.yaml': 'id: fhir-matrix-bridge\n',
  'synapse/homeserver.yaml': 'server_name: care.example\n',
  'state/synapse/media/local_content/aB/cD/eFgH': 'a file that somebody has sent',
};

/**
 * The bridge of a stack as deploy/compose keeps it: its secrets are files below a folder, which `backup.sh` saves together
 * with the databases. The homeserver's database is a stand-in: the local Synapse keeps its own in SQLite.
 */
export class BackedUpBridge {
  private processes: Readonly<Record<BridgeApp, ManagedProcess>> | undefined;

  private constructor(
    private readonly stack: Stack,
    /** What the script is told to save, and a folder for archives. */
    readonly data: string,
    readonly archives: string,
  ) {}

  static async prepare(stack: Stack): Promise<BackedUpBridge> {
    const folder = await mkdtemp(join(tmpdir(), 'bridge-backup-'));
    const made = new BackedUpBridge(stack, join(folder, 'data'), join(folder, 'archives'));
    await mkdir(made.archives, { mode: 0o700 });
    const { asToken, hsToken, encryptionKey, notificationSecret, databaseUrl } = stack.environment;
    const secrets = {
      as_token: asToken,
      hs_token: hsToken,
      database_encryption_key: encryptionKey,
      notification_secret: notificationSecret,
      bridge_database_password: new URL(databaseUrl).password,
      synapse_database_password: new URL(databaseUrl).password,
    };
    for (const [name, content] of Object.entries(secrets))
      await made.write(`secrets/${name}`, content, 0o400);
    for (const [name, content] of Object.entries(otherFiles)) await made.write(name, content, 0o600);
    await made.inDatabase('postgres', 'CREATE DATABASE synapse');
    for (const table of ['events', 'e2e_one_time_keys_json'])
      await made.inDatabase('synapse', `CREATE TABLE ${table} AS SELECT 'x' AS content`);
    return made;
  }

  process(app: BridgeApp): ManagedProcess {
    if (!this.processes) throw new Error('The bridge does not run');
    return this.processes[app];
  }

  /** Starts all processes with the secrets that are in the files now. */
  async start(): Promise<void> {
    const { environment } = this.stack;
    const secret = (name: string) => readFile(join(this.data, 'secrets', name), 'utf8');
    this.processes = bridgeProcesses({
      ...environment,
      asToken: await secret('as_token'),
      hsToken: await secret('hs_token'),
      encryptionKey: await secret('database_encryption_key'),
      notificationSecret: await secret('notification_secret'),
    });
    await Promise.all(BRIDGE_APPS.map((app) => this.process(app).start()));
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.processes ?? {}).map((each) => each.stop()));
  }

  /** Runs `deploy/compose/backup.sh` as the container does. */
  async script(...args: string[]): Promise<Ended> {
    const { hostname, port, username } = new URL(this.stack.environment.databaseUrl);
    const database = (name: string) => `host=${hostname} port=${port} user=${username} dbname=${name}`;
    const env = {
      PATH: `${postgresClients()}:${process.env.PATH ?? ''}`,
      DATA: this.data,
      BRIDGE_DATABASE: database('bridge'),
      BRIDGE_PASSWORD_FILE: join(this.data, 'secrets/bridge_database_password'),
      SYNAPSE_DATABASE: database('synapse'),
      SYNAPSE_PASSWORD_FILE: join(this.data, 'secrets/synapse_database_password'),
    };
    const file = join(projectRoot(), 'deploy/compose/backup.sh');
    return runToEnd('/bin/sh', [file, ...args], env);
  }

  /** Everything is gone at once: processes, databases, what NATS has stored, secrets. The servers are there, and empty. */
  async lose(): Promise<void> {
    for (const each of Object.values(this.processes ?? {})) each.kill('SIGKILL');
    await this.stop();
    const { natsProcess, stateDirectory } = this.stack.federation;
    await natsProcess!.stop();
    await rm(join(stateDirectory, 'nats/jetstream'), { recursive: true });
    await natsProcess!.start();
    for (const name of ['bridge', 'synapse']) {
      await this.inDatabase('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
      await this.inDatabase('postgres', `CREATE DATABASE ${name}`);
    }
    await rm(this.data, { recursive: true });
    await mkdir(this.data, { mode: 0o700 });
  }

  async inDatabase<T extends object>(name: string, statement: string): Promise<T[]> {
    const url = new URL(this.stack.environment.databaseUrl);
    url.pathname = `/${name}`;
    return queryDatabase<T>(url.href, statement);
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(dirname(this.data), { recursive: true });
  }

  private async write(name: string, content: string, mode: number): Promise<void> {
    await mkdir(dirname(join(this.data, name)), { recursive: true, mode: 0o700 });
    await writeFile(join(this.data, name), content, { mode });
  }
}
