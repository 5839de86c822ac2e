import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ManagedProcess } from '../../local/src/child-process';
import { answersOk } from '../../local/src/http-probe';
import { serverBinary } from '../../local/src/project-root';
import { synapseConfig, synapseLogConfig } from '../../local/src/synapse-config';

const newSecret = (): string => randomBytes(32).toString('base64url');

/**
 * A real Synapse of any name, which speaks plain HTTP on a port of 127.0.0.1, to clients and to partners: what ends TLS is
 * in front of it. Not started yet.
 */
export function namedHomeserver(serverName: string, directory: string, port: number): ManagedProcess {
  const at = (name: string): string => join(directory, name);
  mkdirSync(at('media'), { recursive: true });
  const config = parse(
    synapseConfig({
      serverName,
      clientPort: port,
      federationPort: port,
      federation: [serverName],
      behindProxy: false,
      files: {
        signingKey: at('signing.key'),
        logConfig: at('log.yaml'),
        media: at('media'),
        database: at('homeserver.db'),
        certificate: at('none.crt'),
        privateKey: at('none.key'),
        authorities: [],
        registrations: [],
      },
      secrets: { registration: newSecret(), macaroon: newSecret(), form: newSecret() },
    }),
  ) as Record<string, unknown>;
  for (const key of ['tls_certificate_path', 'tls_private_key_path', 'federation_custom_ca_list'])
    delete config[key];
  const resources = [{ names: ['client', 'federation'], compress: false }];
  config.listeners = [{ port, bind_addresses: ['127.0.0.1'], type: 'http', tls: false, resources }];
  writeFileSync(at('homeserver.yaml'), stringify(config));
  writeFileSync(at('log.yaml'), synapseLogConfig());
  const seed = randomBytes(32).toString('base64').replace(/=+$/, '');
  writeFileSync(at('signing.key'), `ed25519 a_test ${seed}\n`, { mode: 0o600 });
  return new ManagedProcess({
    name: `Synapse ${serverName}`,
    command: serverBinary('python'),
    args: ['-m', 'synapse.app.homeserver', '--config-path', at('homeserver.yaml')],
    env: { PATH: process.env.PATH ?? '' },
    logFile: at('synapse.log'),
    ready: () => answersOk(`http://127.0.0.1:${port}/health`),
    readyWithinMs: 60_000,
  });
}
