import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateAuthority } from './certificate-authority';
import { ManagedProcess } from './child-process';
import { answersOk } from './http-probe';
import { serverBinary } from './project-root';
import { type RegisteredUser, registerUser } from './register-user';
import { synapseConfig, synapseLogConfig } from './synapse-config';

/** A homeserver of the local federation. */
export interface Homeserver {
  /** The readable name; the server's own name is `localhost:<port>`, see `serverNameOf`. */
  organisation: string;
  serverName: string;
  /** Where Matrix clients and the bridge go: plain HTTP on 127.0.0.1. */
  clientUrl: string;
  /** Where the other homeservers go: TLS. */
  federationPort: number;
  /** Makes an account. @throws Error when the homeserver refuses, for example because the name is taken. */
  registerUser: (localpart: string, password: string, displayName?: string) => Promise<RegisteredUser>;
  /** Makes the account of a server administrator, who may use Synapse's admin API. */
  registerAdmin: (localpart: string, password: string) => Promise<RegisteredUser>;
  /** The file of its SQLite database. */
  database: string;
  process: ManagedProcess;
}

/** What is needed to make one homeserver. */
export interface HomeserverOptions {
  organisation: string;
  clientPort: number;
  federationPort: number;
  /** Whom it speaks to, itself included; not set: to everybody. */
  federation?: readonly string[];
  authority: CertificateAuthority;
  /**
   * It is called, and calls others, by a proxy alone: that one listens at `federationPort`, and its certificates are under
   * this authority (PEM).
   */
  behindProxy?: { readonly authorityPem: string };
  /** Application service registration files, as YAML. Synapse reads them at its start only. */
  registrations: readonly string[];
  /** Further environment variables. */
  env: Readonly<Record<string, string>>;
  /** Its own folder; made here. */
  directory: string;
  logFile: string;
}

/**
 * The Matrix name of a homeserver: `localhost` with its federation port. A name with a port is looked up directly, with
 * neither .well-known nor SRV; and `localhost` is the one name that resolves on every machine without DNS and without
 * root (`vvt.localhost` does not resolve with plain glibc).
 */
export function serverNameOf(federationPort: number): string {
  return `localhost:${federationPort}`;
}

/** Writes the configuration, keys and certificate of a homeserver. It is started with `homeserver.process.start()`. */
export async function prepareHomeserver(options: HomeserverOptions): Promise<Homeserver> {
  const { organisation, directory, clientPort, federationPort } = options;
  const serverName = serverNameOf(federationPort);
  const certificate = await options.authority.issue({ dns: ['localhost'], ip: ['127.0.0.1'] });
  const secrets = { registration: secret(), macaroon: secret(), form: secret() };
  const at = (name: string): string => join(directory, name);
  const registrations = options.registrations.map((content, index) => ({
    file: at(`as-${index}.yaml`),
    content,
  }));
  const authorities = {
    [at('ca.crt')]: options.authority.certificatePem,
    ...(options.behindProxy && { [at('proxy-ca.crt')]: options.behindProxy.authorityPem }),
  };
  const config = synapseConfig({
    serverName,
    clientPort,
    federationPort,
    federation: options.federation,
    behindProxy: options.behindProxy !== undefined,
    files: {
      signingKey: at('signing.key'),
      logConfig: at('log.yaml'),
      media: at('media'),
      database: at('homeserver.db'),
      certificate: at('tls.crt'),
      privateKey: at('tls.key'),
      authorities: Object.keys(authorities),
      registrations: registrations.map(({ file }) => file),
    },
    secrets,
  });

  await mkdir(at('media'), { recursive: true, mode: 0o700 });
  const files: Record<string, string> = {
    [at('homeserver.yaml')]: config,
    [at('log.yaml')]: synapseLogConfig(),
    [at('signing.key')]: signingKey(),
    [at('tls.crt')]: certificate.certificatePem,
    [at('tls.key')]: certificate.privateKeyPem,
    ...authorities,
    ...Object.fromEntries(registrations.map(({ file, content }) => [file, content])),
  };
  await Promise.all(
    Object.entries(files).map(([file, content]) => writeFile(file, content, { mode: 0o600 })),
  );

  const clientUrl = `http://127.0.0.1:${clientPort}`;
  return {
    organisation,
    serverName,
    clientUrl,
    federationPort,
    registerUser: (localpart, password, displayName) =>
      registerUser({ clientUrl, sharedSecret: secrets.registration, localpart, password, displayName }),
    registerAdmin: (localpart, password) =>
      registerUser({ clientUrl, sharedSecret: secrets.registration, localpart, password, admin: true }),
    database: at('homeserver.db'),
    process: new ManagedProcess({
      name: `Synapse ${organisation}`,
      command: serverBinary('python'),
      args: ['-m', 'synapse.app.homeserver', '--config-path', at('homeserver.yaml')],
      // No proxy variables: Synapse would send its federation traffic through them.
      env: { PATH: process.env.PATH ?? '', ...options.env },
      logFile: options.logFile,
      ready: () => answersOk(`${clientUrl}/health`),
      readyWithinMs: 60_000,
    }),
  };
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** Synapse's key file: algorithm, key id, seed as unpadded base64. Made here: Synapse takes 2 s a server to do it. */
function signingKey(): string {
  const seed = randomBytes(32).toString('base64').replace(/=+$/, '');
  return `ed25519 a_${randomBytes(2).toString('hex')} ${seed}\n`;
}
