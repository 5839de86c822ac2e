import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createCertificateAuthority } from '../../local/src/certificate-authority';
import { ofKind, workloadsOf, type Container, type KubernetesObject } from './kubernetes-object';

/** Values of Secrets that exist in a cluster and not here, by the variable that they are for. */
export async function exampleSecrets(): Promise<Record<string, string>> {
  const authority = await createCertificateAuthority();
  const leaf = await authority.issue({ dns: ['bridge.example'], ip: [] });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pem = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })).export({
    type: 'pkcs8',
    format: 'pem',
  });
  const token = 'example-of-a-token-with-more-than-32-characters';
  return {
    MATRIX_AS_TOKEN: token,
    MATRIX_HS_TOKEN: token,
    MATRIX_HS_TOKEN_PREVIOUS: `${token}-before`,
    DATABASE_ENCRYPTION_KEY: Buffer.alloc(32, 'example').toString('base64'),
    FHIR_NOTIFICATION_SECRETS: 'ehr=example-of-a-secret',
    FHIR_SUBSCRIPTION_HEADER: 'Authorization: Bearer example-of-a-secret',
    AUDIT_BEARER_TOKEN: token,
    FHIR_CLIENT_KEY: pem.toString(),
    FHIR_TLS_CA: authority.certificatePem,
    FHIR_TLS_CERTIFICATE: leaf.certificatePem,
    FHIR_TLS_KEY: leaf.privateKeyPem,
    FHIR_NOTIFICATION_TLS_CERTIFICATE: leaf.certificatePem,
    FHIR_NOTIFICATION_TLS_KEY: leaf.privateKeyPem,
    FHIR_NOTIFICATION_CLIENT_CA: authority.certificatePem,
    PROXY_LIST_KEY: createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString(),
    PROXY_ADMIN_TOKEN: token,
    PROXY_OUTBOUND_CA_CERTIFICATE: authority.certificatePem,
    PROXY_OUTBOUND_CA_KEY: leaf.privateKeyPem,
    PROXY_OUTBOUND_TRUST: authority.certificatePem,
    PGHOST: 'postgres.example',
    PGPORT: '5432',
    PGDATABASE: 'bridge',
    PGUSER: 'bridge',
    PGPASSWORD: 'example',
    NATS_PASSWORD: 'example-nats-password',
  };
}

/**
 * The environment in which a container of the bridge would run: literal variables, those from Secrets, and the projected
 * files.
 *
 * @param folder where its files are written on this machine
 */
export function environmentOf(
  folder: string,
  objects: readonly KubernetesObject[],
  container: Container,
  examples: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom?.secretKeyRef) env[name] = secretValue(objects, valueFrom.secretKeyRef, name, examples);
    else if (value !== undefined)
      env[name] = value.replaceAll(/\$\((\w+)\)/g, (_, used: string) => env[used] ?? '');
  }
  for (const [name, file] of Object.entries(env))
    if (name === 'BRIDGE_CONFIG') env[name] = written(folder, name, configFile(objects, file));
    else if (name.endsWith('_FILE'))
      env[name] = written(folder, name, mountedSecret(objects, container, file, examples));
  return env;
}

function written(folder: string, name: string, content: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

function secretValue(
  objects: readonly KubernetesObject[],
  { name, key }: { name: string; key: string },
  variable: string,
  examples: Readonly<Record<string, string>>,
): string {
  const made = ofKind(objects, 'Secret').find(({ metadata }) => metadata.name === name);
  const value = made ? made.stringData?.[key] : examples[variable];
  if (value === undefined) throw new Error(`No value for ${variable}: Secret ${name} has no key ${key}`);
  return value;
}

function configFile(objects: readonly KubernetesObject[], file: string): string {
  const [content] = ofKind(objects, 'ConfigMap').flatMap(({ data }) => data?.[path.basename(file)] ?? []);
  if (!content) throw new Error(`No ConfigMap has ${file}`);
  return content;
}

/** What a pod finds at the path of a `<VARIABLE>_FILE`: looked for where the container has it mounted. */
function mountedSecret(
  objects: readonly KubernetesObject[],
  container: Container,
  file: string,
  examples: Readonly<Record<string, string>>,
): string {
  const { pod } = workloadsOf(objects).find(({ containers }) => containers.includes(container)) ?? {};
  const mount = container.volumeMounts?.find(({ mountPath }) => path.dirname(file) === mountPath);
  const volume = pod?.spec.volumes?.find(({ name }) => name === mount?.name);
  for (const { secret } of volume?.projected?.sources ?? [])
    for (const item of secret?.items ?? [])
      if (item.path === path.basename(file))
        return secretValue(objects, { name: secret?.name ?? '', key: item.key }, item.path, examples);
  throw new Error(`${file} is not mounted into ${container.name}`);
}
