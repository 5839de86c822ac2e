import { join } from 'node:path';
import { ManagedProcess } from './child-process';
import { hapiServer } from './hapi-server-process';
import { answersOk } from './http-probe';
import { projectRoot } from './project-root';

/** A FHIR server as a process of its own, so that it shares no event loop with what is measured. */
export interface FhirServer {
  readonly baseUrl: string;
  readonly process: ManagedProcess;
}

/** Where a FHIR server listens, and where it may keep something; the folder need not be there. */
export interface FhirServerPlace {
  readonly port: number;
  readonly directory: string;
  readonly logFile: string;
}

export type MakeFhirServer = (place: FhirServerPlace) => FhirServer;

const servers: Readonly<Record<string, MakeFhirServer>> = { local: localFhirServer, hapi: hapiServer };

/**
 * The FHIR server that LOCAL_FHIR_SERVER names: `local`, the one of this repository, by default; or `hapi`.
 * @throws Error for another name
 */
export function chosenFhirServer(): MakeFhirServer {
  const name = process.env.LOCAL_FHIR_SERVER ?? 'local';
  const chosen = Object.hasOwn(servers, name) ? servers[name] : undefined;
  if (!chosen)
    throw new Error(`LOCAL_FHIR_SERVER is "${name}"; known are: ${Object.keys(servers).join(', ')}`);
  return chosen;
}

/** The FHIR server of this repository. */
export function localFhirServer({ port, logFile }: FhirServerPlace): FhirServer {
  const baseUrl = `http://127.0.0.1:${port}/fhir`;
  const process_ = new ManagedProcess({
    name: 'FHIR server',
    command: process.execPath,
    args: [join(projectRoot(), 'dist/deploy/local/fhir-server/main.js'), '--port', String(port)],
    env: { PATH: process.env.PATH ?? '' },
    logFile,
    ready: () => answersOk(`${baseUrl}/metadata`),
    readyWithinMs: 20_000,
  });
  return { baseUrl, process: process_ };
}
