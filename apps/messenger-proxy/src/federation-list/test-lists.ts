import 'reflect-metadata';
import { type KeyObject, X509Certificate, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { ExtendedKeyUsage, type KeyedCertificate, makeAuthority, makeLeaf } from '@bridge/certificates';

const DAYS = 10;

/** An authority and a signer under it, as a registration service has them. */
export async function testSigner(
  now = new Date(),
): Promise<{ authority: KeyedCertificate; signer: KeyedCertificate }> {
  const authority = await makeAuthority('Test authority', { now, days: DAYS });
  const signer = await makeLeaf(authority, { dns: ['list.example'] }, [ExtendedKeyUsage.clientAuth], {
    now,
    days: DAYS,
  });
  return { authority, signer };
}

/** A JWS as it comes from outside: every part of it can be made wrong. */
export function testJws(
  payload: object,
  key: KeyObject,
  header: Readonly<Record<string, unknown>>,
  hash: 'sha256' | 'sha384' = 'sha256',
): string {
  const parts = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = sign(hash, Buffer.from(parts.join('.')), { key, dsaEncoding: 'ieee-p1363' });
  return [...parts, signature.toString('base64url')].join('.');
}

/** For the header `x5c`. */
export function derOf(certificatePem: string): string {
  return new X509Certificate(certificatePem).raw.toString('base64');
}

export function keyOf({ privateKeyPem }: KeyedCertificate): KeyObject {
  return createPrivateKey(privateKeyPem);
}

export function ecKeys(namedCurve: string): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve });
}

export function listPayload(version: number, domains: readonly string[], more: object = {}): object {
  return { version, domainList: domains.map((domain) => ({ domain, isInsurance: false })), ...more };
}
