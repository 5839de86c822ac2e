import { join } from 'node:path';
import { BRIDGE_APPS, type BridgeApp, type BridgeEnvironment, bridgeProcesses, urlOf } from './bridge';
import { bridgeSecrets, registrationOf } from './bridge-secrets';
import type { ManagedProcess } from './child-process';
import { type Federation, type FederationOptions, startFederation } from './federation';
import { type FhirServer, type MakeFhirServer, chosenFhirServer } from './fhir-server-process';
import { freePorts } from './free-port';
import { migrate } from './migrate';
import { type OnStep, timedStep } from './step-timer';

/** All servers, and the bridge of organisation vvt between them. */
export interface Stack {
  readonly federation: Federation;
  readonly fhir: FhirServer;
  readonly environment: BridgeEnvironment;
  readonly bridge: Readonly<Record<BridgeApp, ManagedProcess>>;
  /** Where the FHIR server posts its notifications. */
  readonly notifyUrl: string;
  startBridge(): Promise<void>;
  stop(outcome?: 'succeeded' | 'failed'): Promise<void>;
}

type Settings = Readonly<Record<string, string>>;

export interface StackOptions {
  readonly onStep?: OnStep;
  readonly signal?: AbortSignal;
  /** Further environment variables for the bridge's processes, e.g. `{ BOT_LANGUAGE: 'nl' }`, or made of the server names. */
  readonly settings?: Settings | ((homeservers: Federation['homeservers']) => Settings);
  /** Default: a homeserver for each organisation. */
  readonly homeservers?: FederationOptions['homeservers'];
  /** Of a migrated database that is there. Default: a new one. */
  readonly databaseUrl?: string;
  /** Default: the one that LOCAL_FHIR_SERVER names. */
  readonly fhirServer?: MakeFhirServer;
}

/**
 * Starts the servers with an empty, migrated database. The bridge is made ready and not started: `startBridge` does that.
 * @throws Error with the end of the log of what did not start; nothing is left running then
 */
export async function startStack({
  onStep = () => undefined,
  signal,
  settings = {},
  homeservers: whose,
  databaseUrl: migrated,
  fhirServer = chosenFhirServer(),
}: StackOptions = {}): Promise<Stack> {
  const [asPort, fhirIngressPort, mapperPort, managerPort, fhirPort] = (await freePorts(5)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const ports = {
    'as-ingress': asPort,
    'fhir-ingress': fhirIngressPort,
    'fhir-mapper': mapperPort,
    'room-manager': managerPort,
  };
  const secrets = bridgeSecrets();
  const federation = await startFederation({
    onStep,
    signal,
    homeservers: whose,
    databaseUrl: migrated,
    registrationYaml: (serverName) => registrationOf(secrets, serverName, urlOf('as-ingress', { ports })),
  });
  const { logDirectory, stateDirectory, databaseUrl, natsUrl, homeservers } = federation;
  const fhir = fhirServer({
    port: fhirPort,
    directory: join(stateDirectory, 'fhir-server'),
    logFile: join(logDirectory, 'fhir-server.log'),
  });
  const { serverName, clientUrl: homeserverUrl } = homeservers.vvt;
  const environment = {
    ...secrets,
    ports,
    serverName,
    homeserverUrl,
    natsUrl,
    databaseUrl,
    fhirBaseUrl: fhir.baseUrl,
    logDirectory,
    settings: typeof settings === 'function' ? settings(homeservers) : settings,
  };
  const bridge = bridgeProcesses(environment);
  const stop = async (outcome?: 'succeeded' | 'failed'): Promise<void> => {
    await Promise.all(Object.values(bridge).map((each) => each.stop()));
    await fhir.process.stop();
    await federation.stop(outcome);
  };
  try {
    await Promise.all([
      timedStep(onStep, 'FHIR server', () => fhir.process.start()),
      ...(migrated ? [] : [timedStep(onStep, 'database migrations', () => migrate(databaseUrl))]),
    ]);
    signal?.throwIfAborted();
  } catch (error) {
    await stop(signal?.aborted ? 'succeeded' : 'failed');
    throw error;
  }
  return {
    federation,
    fhir,
    environment,
    bridge,
    notifyUrl: `${urlOf('fhir-ingress', { ports })}/notify/ehr`,
    startBridge: async () => {
      await Promise.all(BRIDGE_APPS.map((app) => timedStep(onStep, app, () => bridge[app].start())));
    },
    stop,
  };
}
