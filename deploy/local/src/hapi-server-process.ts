import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ManagedProcess } from './child-process';
import type { FhirServer, FhirServerPlace } from './fhir-server-process';
import { answersOk } from './http-probe';
import { projectRoot } from './project-root';

export interface HapiOptions {
  /** The database is a file, so that what was stored is there after a restart; else it is in memory. */
  readonly keeps?: boolean;
  /** Default: R4, which is what the bridge speaks. */
  readonly fhir?: 'R4' | 'R5';
}

/** Compiling code well takes longer than running it as often as a test does. */
const forShortLives = ['-Xmx1g', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/**
 * HAPI FHIR's JPA server from test/hapi/server, which `npm run test:hapi` builds.
 * @throws Error when it has not been built
 */
export function hapiServer(
  { port, directory, logFile }: FhirServerPlace,
  { keeps = false, fhir = 'R4' }: HapiOptions = {},
): FhirServer {
  const built = join(projectRoot(), '.cache/servers/hapi');
  if (!existsSync(join(built, 'hapi-server.jar'))) {
    throw new Error('HAPI FHIR is not built; "npm run test:hapi" does that');
  }
  mkdirSync(directory, { recursive: true });
  const baseUrl = `http://127.0.0.1:${port}/fhir`;
  const classes = [join(built, 'hapi-server.jar'), join(built, 'lib', '*')].join(':');
  const process_ = new ManagedProcess({
    name: `HAPI FHIR ${fhir}`,
    command: 'java',
    args: [
      ...forShortLives,
      `-Djava.io.tmpdir=${directory}`,
      '-cp',
      classes,
      'fhirmatrixbridge.hapi.Server',
      ...['--port', String(port), '--fhir', fhir],
      ...(keeps ? ['--database', join(directory, 'database')] : []),
    ],
    env: { PATH: process.env.PATH ?? '', HOME: directory },
    logFile,
    // The first CapabilityStatement takes it some seconds; asking again meanwhile would only hold it up.
    ready: () => answersOk(`${baseUrl}/metadata`, 20_000),
    // About 20 s on an idle machine; a start costs half a minute of one core.
    readyWithinMs: 180_000,
  });
  return { baseUrl, process: process_ };
}
