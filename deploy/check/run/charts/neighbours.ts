import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyedCertificate } from '../../../local/src/certificate-authority';
import type { ContainerSpec } from '../container';
import { host } from '../host';
import { OWN_NAME, imageOf } from '../images';
import { readOnly, tmpfs, writable } from '../mounts';
import type { Neighbours } from './cluster';

/** DNS names of what the bridge's values name, without the domain of the cluster. */
export const POSTGRES = 'postgres.databases.svc';
export const FHIR = 'fhir.ehr.svc';

const USER = { uid: 10_001, gid: 10_001 };

/** The database and the record system that an organisation has: neither chart makes them. */
export function neighboursOf(database: { password: string; certificate: KeyedCertificate }): Neighbours {
  const common = (name: string, image: string): Omit<ContainerSpec, 'mounts'> => {
    const { environment, entrypoint, command, workingDirectory } = imageOf(image);
    return {
      name,
      network: name,
      hostname: name.split('.')[0] ?? name,
      readOnlyRoot: true,
      user: USER,
      capabilities: [],
      sysctls: {},
      environment,
      workingDirectory,
      argv: [...entrypoint, ...command].map((word) => word.replace(OWN_NAME, name)),
      stopSignal: 'SIGTERM',
      stopGraceMs: 10_000,
    };
  };
  return {
    [FHIR]: (etc) => {
      const image = 'example/hapi:1';
      return { ...common(FHIR, image), mounts: [...imageOf(image).mounts, ...etc] };
    },
    [POSTGRES]: (etc) => {
      const image = 'example/postgres:17';
      const plain = common(POSTGRES, image);
      const { certificatePem, privateKeyPem } = database.certificate;
      const given = { password: database.password, 'tls.crt': certificatePem, 'tls.key': privateKeyPem };
      const folder = join(host().state, 'database');
      for (const name of ['given', 'data']) make(join(folder, name), 0o700);
      for (const [name, content] of Object.entries(given)) {
        writeFileSync(join(folder, 'given', name), content);
        make(join(folder, 'given', name), 0o400);
      }
      const tls = { ssl: 'on', ssl_cert_file: '/given/tls.crt', ssl_key_file: '/given/tls.key' };
      return {
        ...plain,
        environment: {
          ...plain.environment,
          POSTGRES_USER: 'bridge',
          POSTGRES_PASSWORD_FILE: '/given/password',
          POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C --auth-host=scram-sha-256',
          PGDATA: '/data/pgdata',
        },
        argv: [...plain.argv, ...Object.entries(tls).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
        mounts: [
          ...imageOf(image).mounts,
          ...etc,
          ...[tmpfs('/tmp', 'mode=1777'), tmpfs('/var/run/postgresql', 'mode=1777')],
          tmpfs('/dev/shm', 'mode=1777'),
          readOnly(join(folder, 'given'), '/given'),
          writable(join(folder, 'data'), '/data'),
        ],
      };
    },
  };
}

/** A new secret that needs no quoting. */
export const newSecret = (): string => `k${randomBytes(32).toString('hex')}`;

function make(path: string, mode: number): void {
  if (mode === 0o700) mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  if (host().isRoot) chownSync(path, USER.uid, USER.gid);
}
