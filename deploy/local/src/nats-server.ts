import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManagedProcess } from './child-process';
import { answersOk } from './http-probe';
import { serverBinary } from './project-root';

/** A NATS server with JetStream on 127.0.0.1. */
export interface NatsServer {
  url: string;
  monitorUrl: string;
  process: ManagedProcess;
}

/** Writes the configuration of a NATS server. It is started with `process.start()`. */
export async function prepareNatsServer(options: {
  port: number;
  monitorPort: number;
  directory: string;
  logFile: string;
}): Promise<NatsServer> {
  const { port, monitorPort, directory, logFile } = options;
  const configFile = join(directory, 'nats.conf');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(configFile, natsConfig(options), { mode: 0o600 });
  const monitorUrl = `http://127.0.0.1:${monitorPort}`;
  return {
    url: `nats://127.0.0.1:${port}`,
    monitorUrl,
    process: new ManagedProcess({
      name: 'NATS',
      command: serverBinary('nats-server'),
      args: ['--config', configFile],
      env: { PATH: process.env.PATH ?? '' },
      logFile,
      ready: () => answersOk(`${monitorUrl}/healthz`),
      readyWithinMs: 20_000,
    }),
  };
}

function natsConfig(options: { port: number; monitorPort: number; directory: string }): string {
  // sync_interval always, as in production: the default writes to disk every two minutes only, and what is answered as
  // stored could be lost with the machine.
  return [
    'server_name: local',
    `listen: "127.0.0.1:${options.port}"`,
    `http: "127.0.0.1:${options.monitorPort}"`,
    'jetstream {',
    `  store_dir: ${JSON.stringify(join(options.directory, 'jetstream'))}`,
    '  sync_interval: always',
    '}',
    '',
  ].join('\n');
}
