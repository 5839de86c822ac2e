import { generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A new private key for signing assertions, in PEM. */
export function clientKey(algorithm: 'RS384' | 'ES384'): string {
  const { privateKey }: { privateKey: KeyObject } =
    algorithm === 'RS384'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-384' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
