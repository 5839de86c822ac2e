import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createCertificateAuthority } from './certificate-authority';
import type { ManagedProcess } from './child-process';
import { freePorts } from './free-port';
import { type NatsServer, prepareNatsServer } from './nats-server';
import { type Postgres, preparePostgres } from './postgres';
import { projectRoot } from './project-root';
import { type OnStep, timedStep } from './step-timer';
import { type Homeserver, prepareHomeserver, serverNameOf } from './synapse';

/** The organisations with a homeserver; vvt (nursing and home care) is the one that runs the bridge. */
export const ORGANISATIONS = ['apotheek', 'huisarts', 'vvt'] as const;
export type Organisation = (typeof ORGANISATIONS)[number];

export interface FederationOptions {
  /**
   * Makes vvt's application service registration (YAML). Synapse reads it at its start only, and it holds the server's
   * name, which is chosen here: hence a function.
   */
  registrationYaml?: (serverName: string) => string;
  /**
   * `vvt`: everybody's account is on vvt's homeserver, as where one organisation hosts the others'. For what does not
   * depend on federation: it takes a third of the work. Default: a homeserver each.
   */
  homeservers?: 'each' | 'vvt';
  /** Further environment variables of a homeserver. */
  homeserverEnv?: (organisation: Organisation) => Readonly<Record<string, string>>;
  /** Of a database that is there. Default: the one of DATABASE_URL, else of a Postgres of its own. */
  databaseUrl?: string;
  /** State and logs go below it; emptied first. Default: a new folder below .cache/run. */
  directory?: string;
  /** Told of each server's start. */
  onStep?: OnStep;
  /** Aborting it during the start stops what was started; `startFederation` then throws the signal's reason. */
  signal?: AbortSignal;
}

/** Servers that run. */
export interface Federation {
  homeservers: Record<Organisation, Homeserver>;
  natsUrl: string;
  /** Undefined when the NATS server is the one of NATS_URL. */
  natsMonitorUrl: string | undefined;
  databaseUrl: string;
  /** Undefined when the server is the one of NATS_URL. */
  natsProcess: ManagedProcess | undefined;
  /** Undefined when the database was given. */
  postgresProcess: ManagedProcess | undefined;
  /** One file per server. */
  logDirectory: string;
  /** What servers keep, one folder each; removed at the end. */
  stateDirectory: string;
  /**
   * Stops every server and removes their data; a folder chosen here goes as a whole, except after `failed`: its logs
   * stay. A second call waits for the first.
   */
  stop(outcome?: 'succeeded' | 'failed'): Promise<void>;
}

/**
 * Starts three homeservers that federate over TLS, NATS with JetStream, and Postgres: with empty data, on free ports of
 * 127.0.0.1. When NATS_URL or DATABASE_URL is set, that server is used instead of an own one.
 *
 * @throws Error with the end of the log of the server that did not start. Nothing is left running then; the logs stay.
 */
export async function startFederation(options: FederationOptions = {}): Promise<Federation> {
  const { signal, onStep = () => undefined } = options;
  const folder = await makeFolder(options.directory);
  const servers: Servers = { homeservers: [] };

  let stopped: Promise<void> | undefined;
  const stop = (outcome: 'succeeded' | 'failed' = 'succeeded'): Promise<void> =>
    (stopped ??= (async () => {
      await stopProcesses(servers);
      await servers.postgres?.removeData();
      const whole = outcome === 'succeeded' && options.directory === undefined;
      await rm(whole ? folder.root : folder.state, { recursive: true, force: true });
    })());

  const interrupt = (): void => void stopProcesses(servers);
  signal?.addEventListener('abort', interrupt);
  try {
    await prepareServers(servers, folder, options);
    signal?.throwIfAborted();
    await startServers(servers, onStep);
    signal?.throwIfAborted();
  } catch (error) {
    await stop(signal?.aborted ? 'succeeded' : 'failed');
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', interrupt);
  }

  return {
    homeservers: byOrganisation(servers.homeservers),
    natsUrl: servers.nats?.url ?? (process.env.NATS_URL as string),
    natsMonitorUrl: servers.nats?.monitorUrl,
    databaseUrl: servers.postgres?.databaseUrl ?? (givenDatabase(options) as string),
    natsProcess: servers.nats?.process,
    postgresProcess: servers.postgres?.process,
    logDirectory: folder.logs,
    stateDirectory: folder.state,
    stop,
  };
}

function byOrganisation(homeservers: readonly Homeserver[]): Record<Organisation, Homeserver> {
  const of = (organisation: Organisation): Homeserver | undefined =>
    homeservers.find((each) => each.organisation === organisation);
  const vvt = of('vvt') as Homeserver;
  return { apotheek: of('apotheek') ?? vvt, huisarts: of('huisarts') ?? vvt, vvt };
}

interface Folder {
  root: string;
  state: string;
  logs: string;
}

async function makeFolder(chosen: string | undefined): Promise<Folder> {
  const root = chosen ?? join(projectRoot(), '.cache', 'run', randomBytes(4).toString('hex'));
  const folder = { root, state: join(root, 'state'), logs: join(root, 'logs') };
  await rm(root, { recursive: true, force: true });
  await mkdir(folder.state, { recursive: true, mode: 0o700 });
  await mkdir(folder.logs, { recursive: true, mode: 0o700 });
  return folder;
}

interface Servers {
  homeservers: Homeserver[];
  nats?: NatsServer;
  postgres?: Postgres;
}

async function prepareServers(servers: Servers, folder: Folder, options: FederationOptions): Promise<void> {
  const { homeservers = 'each', registrationYaml, homeserverEnv } = options;
  const ports = await freePorts(ORGANISATIONS.length * 2 + 3);
  const nextPort = (): number => ports.pop() as number;
  const places = (name: string): { directory: string; logFile: string } => ({
    directory: join(folder.state, name),
    logFile: join(folder.logs, `${name}.log`),
  });

  const authority = await createCertificateAuthority();
  const organisations = homeservers === 'each' ? ORGANISATIONS : (['vvt'] as const);
  const homes = organisations.map((organisation) => ({
    organisation,
    clientPort: nextPort(),
    federationPort: nextPort(),
  }));
  const federation = homes.map(({ federationPort }) => serverNameOf(federationPort));
  for (const home of homes) {
    const registration =
      home.organisation === 'vvt' ? registrationYaml?.(serverNameOf(home.federationPort)) : undefined;
    servers.homeservers.push(
      await prepareHomeserver({
        ...home,
        ...places(home.organisation),
        federation,
        authority,
        registrations: registration === undefined ? [] : [registration],
        env: homeserverEnv?.(home.organisation) ?? {},
      }),
    );
  }
  if (!process.env.NATS_URL) {
    servers.nats = await prepareNatsServer({ port: nextPort(), monitorPort: nextPort(), ...places('nats') });
  }
  if (!givenDatabase(options)) {
    servers.postgres = await preparePostgres({ port: nextPort(), ...places('postgres') });
  }
}

function givenDatabase({ databaseUrl = process.env.DATABASE_URL }: FederationOptions): string | undefined {
  return databaseUrl || undefined;
}

/** Starts them side by side. The first failure stops the others, and is the one reported. */
async function startServers(servers: Servers, onStep: OnStep): Promise<void> {
  const starts: [name: string, start: () => Promise<void>][] = processesOf(servers).map((each) => [
    each.spec.name,
    () => (each === servers.postgres?.process ? servers.postgres.start() : each.start()),
  ]);
  let failure: { error: unknown } | undefined;
  await Promise.all(
    starts.map(async ([name, start]) => {
      try {
        await timedStep(onStep, name, start);
      } catch (error) {
        failure ??= { error };
        await stopProcesses(servers);
      }
    }),
  );
  if (failure) throw failure.error;
}

function processesOf(servers: Servers): ManagedProcess[] {
  return [servers.postgres, servers.nats, ...servers.homeservers].flatMap((each) =>
    each ? [each.process] : [],
  );
}

async function stopProcesses(servers: Servers): Promise<void> {
  await Promise.all(processesOf(servers).map((each) => each.stop()));
}
