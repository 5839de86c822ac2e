import { X509Certificate } from 'node:crypto';
import { ExtendedKeyUsage, type KeyedCertificate, makeAuthority, makeLeaf } from '@bridge/certificates';

const DAY_MS = 24 * 3_600_000;
const AUTHORITY_DAYS = 3_652;
const LEAF_DAYS = 90;
const RENEW_WHEN_LEFT_DAYS = 30;

/** Makes the federation's own authority: EC P-256, valid for ten years, which may sign leaves and no further authority. */
export function createAuthority(now: Date): Promise<KeyedCertificate> {
  return makeAuthority('Care federation authority', { now, days: AUTHORITY_DAYS });
}

/** Signs a new certificate for a server of that name: EC P-256, 90 days. */
export function issueCertificate(
  authority: KeyedCertificate,
  host: string,
  now: Date,
): Promise<KeyedCertificate> {
  return makeLeaf(authority, { dns: [host] }, [ExtendedKeyUsage.serverAuth], { now, days: LEAF_DAYS });
}

/** What is to be done with a certificate that is there. */
export type CertificateState = 'good' | 'due' | 'of another authority';

/**
 * Looks at a certificate that is there: `due` when fewer than 30 days are left or it is for another name. One of another
 * authority was put there by somebody, who renews it as well.
 */
export function certificateState(
  certificatePem: string,
  authorityPem: string,
  host: string,
  now: Date,
): CertificateState {
  const certificate = new X509Certificate(certificatePem);
  if (!certificate.verify(new X509Certificate(authorityPem).publicKey)) return 'of another authority';
  const daysLeft = (Date.parse(certificate.validTo) - now.getTime()) / DAY_MS;
  return daysLeft < RENEW_WHEN_LEFT_DAYS || certificate.checkHost(host) === undefined ? 'due' : 'good';
}
