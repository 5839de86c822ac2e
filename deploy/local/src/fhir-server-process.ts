import { join } from 'node:path';
import { ManagedProcess } from './child-process';
import { answersOk } from './http-probe';
import { projectRoot } from './project-root';

/** The FHIR server for local use, as a process of its own, so that it shares no event loop with what is measured. */
export function fhirServerProcess({ port, logFile }: { port: number; logFile: string }) {
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
