import { createHmac, type X509Certificate } from 'node:crypto';
import { type CertificateSettings, bearerToken, sameSecret } from '@bridge/platform';

/** What a header holds: for `authorization` the bearer token in it. A header that comes twice holds nothing. */
export function secretIn(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  header: string,
): string {
  const value = headers[header];
  if (typeof value !== 'string') return '';
  return header === 'authorization' ? (bearerToken(value) ?? '') : value;
}

/** Whether it is one of the secrets. Compares with all of them, so that the time does not tell which one it was. */
export function isOneOf(secret: string, secrets: readonly string[]): boolean {
  return secrets.map((each) => sameSecret(secret, each)).some(Boolean);
}

const SIGNATURE = /^(?:sha256=)?([0-9a-f]{64})$/i;

/**
 * The HMAC-SHA256 that a header holds, in small hexadecimal digits; undefined where it holds none. Medplum sends the
 * digits alone, others `sha256=` before them.
 */
export function signatureIn(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? SIGNATURE.exec(header)?.[1]?.toLowerCase() : undefined;
}

/** Whether one of the secrets signed exactly these bytes. Takes the same time for any signature. */
export function isSigned(body: Uint8Array, signature: string, secrets: readonly string[]): boolean {
  return isOneOf(
    signature,
    secrets.map((secret) => createHmac('sha256', secret).update(body).digest('hex')),
  );
}

/** Whether a client certificate, verified already, is one of these. Wildcards in it name nobody in particular. */
export function isNamed(
  certificate: X509Certificate,
  { names = [], fingerprints = [] }: CertificateSettings,
): boolean {
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return (
    fingerprints.includes(fingerprint) ||
    names.some((name) => certificate.checkHost(name, { wildcards: false, subject: 'default' }) !== undefined)
  );
}
