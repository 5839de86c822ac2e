import { join } from 'node:path';
import { ManagedProcess } from './child-process';
import { answersOk } from './http-probe';
import { projectRoot } from './project-root';

/** The processes of one bridge deployment. */
export const BRIDGE_APPS = ['as-ingress', 'fhir-ingress', 'fhir-mapper', 'room-manager'] as const;
export type BridgeApp = (typeof BRIDGE_APPS)[number];

/** What the processes are told: ports to listen on, servers to use, secrets. */
export interface BridgeEnvironment {
  readonly ports: Readonly<Record<BridgeApp, number>>;
  readonly serverName: string;
  readonly homeserverUrl: string;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly fhirBaseUrl: string;
  readonly asToken: string;
  readonly hsToken: string;
  readonly encryptionKey: string;
  /** Of the one notification source, "ehr". */
  readonly notificationSecret: string;
  readonly logDirectory: string;
  /** Further environment variables, for every process. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The bridge's processes, each to be started, killed and started again. All run what `nest build` has made. */
export function bridgeProcesses(environment: BridgeEnvironment): Record<BridgeApp, ManagedProcess> {
  const processes = BRIDGE_APPS.map((app) => {
    const replica = { name: app, port: environment.ports[app] };
    return [app, bridgeProcess(app, environment, replica)] as const;
  });
  return Object.fromEntries(processes) as Record<BridgeApp, ManagedProcess>;
}

/** Where an app listens. */
export function urlOf(app: BridgeApp, { ports }: Pick<BridgeEnvironment, 'ports'>): string {
  return `http://127.0.0.1:${ports[app]}`;
}

/**
 * One of several processes of the same app.
 * @param replica its name, which its log file has as well, and where it listens
 */
export function bridgeProcess(
  app: BridgeApp,
  environment: Omit<BridgeEnvironment, 'ports'>,
  replica: { readonly name: string; readonly port: number },
): ManagedProcess {
  return new ManagedProcess({
    name: replica.name,
    command: process.execPath,
    args: [join(projectRoot(), `dist/apps/${app}/src/main.js`)],
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...settings(environment, replica.port) },
    logFile: join(environment.logDirectory, `${replica.name}.log`),
    ready: () => answersOk(`http://127.0.0.1:${replica.port}/ready`),
    readyWithinMs: 30_000,
  });
}

function settings(environment: Omit<BridgeEnvironment, 'ports'>, port: number): Record<string, string> {
  return {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(port),
    LOG_LEVEL: 'debug',
    LOG_FORMAT: 'json',
    NATS_URL: environment.natsUrl,
    // A killed worker's message is handed out again after this time: short, so that nobody waits for it at a desk.
    NATS_ACK_WAIT_MS: '3000',
    DATABASE_URL: environment.databaseUrl,
    DATABASE_ENCRYPTION_KEY: environment.encryptionKey,
    ORGANISATION_NAME: 'VVT De Linde',
    MATRIX_SERVER_NAME: environment.serverName,
    MATRIX_HOMESERVER_URL: environment.homeserverUrl,
    MATRIX_AS_TOKEN: environment.asToken,
    MATRIX_HS_TOKEN: environment.hsToken,
    FHIR_BASE_URL: environment.fhirBaseUrl,
    FHIR_NOTIFICATION_SECRETS: `ehr=${environment.notificationSecret}`,
    FHIR_PULL_INTERVAL_MS: '5000',
    // So that the message which somebody is invited for can be read by them.
    MATRIX_ROOM_HISTORY_VISIBILITY: 'invited',
    ...environment.settings,
  };
}
