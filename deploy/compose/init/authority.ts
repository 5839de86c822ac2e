import 'reflect-metadata'; // @peculiar/x509 resolves its parts with it and must find it loaded
import { X509Certificate, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate as Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3_600_000;
const AUTHORITY_DAYS = 3_652;
const LEAF_DAYS = 90;
const RENEW_WHEN_LEFT_DAYS = 30;
// A partner's clock that is a little behind must not refuse a certificate made a second ago.
const BACKDATE_MS = 5 * 60_000;

/** A certificate with its private key, both PEM. */
export interface KeyedCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Makes the federation's own authority: EC P-256, valid for ten years, which may sign leaves and no further authority. */
export async function createAuthority(now: Date): Promise<KeyedCertificate> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity(now, AUTHORITY_DAYS),
    name: 'CN=Care federation authority',
    keys,
    signingAlgorithm: KEY,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: certificate.toString('pem'), privateKeyPem: await toPem(keys.privateKey) };
}

/** Signs a new certificate for a server of that name: EC P-256, 90 days. */
export async function issueCertificate(
  authority: KeyedCertificate,
  host: string,
  now: Date,
): Promise<KeyedCertificate> {
  const keys = await newKeys();
  const issuer = new Certificate(authority.certificatePem);
  const certificate = await X509CertificateGenerator.create({
    ...validity(now, LEAF_DAYS),
    subject: `CN=${host}`,
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await fromPem(authority.privateKeyPem),
    signingAlgorithm: KEY,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificatePem: certificate.toString('pem'), privateKeyPem: await toPem(keys.privateKey) };
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

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(now.getTime() - BACKDATE_MS),
    notAfter: new Date(now.getTime() + days * DAY_MS),
  };
}

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}

function fromPem(pem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, KEY, false, ['sign']);
}
