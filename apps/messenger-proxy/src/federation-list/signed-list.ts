import { type KeyObject, X509Certificate, verify } from 'node:crypto';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { FederationList } from './federation-list';

/** BP256R1 is gematik's: ECDSA with SHA-256 on brainpoolP256r1. It is in no list of JOSE, so jose does not have it. */
export type ListAlgorithm = 'ES256' | 'BP256R1';

/** Whom a list is believed. */
export type ListTrust =
  | {
      readonly kind: 'certificates';
      /** The one algorithm that is accepted, whatever the list says of itself. */
      readonly algorithm: ListAlgorithm;
      /** Authorities under one of which the signer's certificate (x5c) has to be. */
      readonly authorities: readonly X509Certificate[];
    }
  | {
      readonly kind: 'key';
      readonly algorithm: ListAlgorithm;
      readonly publicKey: KeyObject;
    };

/** A list is not to be believed. */
export class ListRefused extends Error {}

const MAX_CHAIN = 5;

/**
 * Checks a federation list (JWS, compact form) and reads it.
 * @param now the time as of which it and its certificates have to be valid
 * @throws ListRefused with what is wrong
 */
export async function readSignedList(jws: string, trust: ListTrust, now: Date): Promise<FederationList> {
  const { alg, x5c, crit } = headerOf(jws);
  if (alg !== trust.algorithm) {
    throw new ListRefused(`It is signed with ${String(alg)}, and ${trust.algorithm} is what counts`);
  }
  if (crit !== undefined) throw new ListRefused('It asks for extensions (crit)');
  const key = trust.kind === 'key' ? trust.publicKey : signerOf(x5c, trust.authorities, now);
  const payload = await verifiedPayload(jws, key, trust.algorithm);
  const list = parseList(payload);
  if (list.validUntil && list.validUntil <= now) {
    throw new ListRefused(`It was valid until ${list.validUntil.toISOString()}`);
  }
  return list;
}

function headerOf(jws: string): { alg?: unknown; x5c?: unknown; crit?: unknown } {
  try {
    return decodeProtectedHeader(jws);
  } catch {
    throw new ListRefused('It is no JWS');
  }
}

async function verifiedPayload(jws: string, key: KeyObject, algorithm: ListAlgorithm): Promise<Uint8Array> {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const expected = algorithm === 'ES256' ? 'prime256v1' : 'brainpoolP256r1';
  if (curve !== expected) throw new ListRefused(`Its key is on the curve ${String(curve)}, not ${expected}`);
  if (algorithm === 'ES256') {
    const verified = await compactVerify(jws, key, { algorithms: ['ES256'] }).catch(() => undefined);
    if (!verified) throw new ListRefused('Its signature is wrong');
    return verified.payload;
  }
  const [header = '', payload = '', signature = '', ...more] = jws.split('.');
  const right =
    more.length === 0 &&
    verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
  if (!right) throw new ListRefused('Its signature is wrong');
  return Buffer.from(payload, 'base64url');
}

/** The signer's key, after its certificate's chain to one of the authorities. */
function signerOf(x5c: unknown, authorities: readonly X509Certificate[], now: Date): KeyObject {
  const chain = certificatesOf(x5c);
  const [signer] = chain;
  if (!signer) throw new ListRefused('It names no certificate (x5c)');
  let last = signer;
  for (const [index, certificate] of chain.entries()) {
    requireValid(certificate, now);
    const authority = authorities.find((each) => isIssuer(each, certificate));
    if (authority) {
      requireValid(authority, now);
      return signer.publicKey;
    }
    const next = chain[index + 1];
    if (!next || !next.ca || !isIssuer(next, certificate)) break;
    last = next;
  }
  throw new ListRefused(`The issuer of ${last.subject.replaceAll('\n', ', ')} is none that is trusted`);
}

function certificatesOf(x5c: unknown): X509Certificate[] {
  const texts = Array.isArray(x5c) ? (x5c as unknown[]) : [];
  if (texts.length > MAX_CHAIN) throw new ListRefused(`Its chain has more than ${MAX_CHAIN} certificates`);
  try {
    return texts.map((text) => new X509Certificate(Buffer.from(String(text), 'base64')));
  } catch {
    throw new ListRefused('Its certificates (x5c) cannot be read');
  }
}

function isIssuer(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function requireValid({ validFrom, validTo, subject }: X509Certificate, now: Date): void {
  if (new Date(validFrom) > now || new Date(validTo) < now) {
    throw new ListRefused(`The certificate of ${subject.replaceAll('\n', ', ')} is not valid now`);
  }
}

function parseList(payload: Uint8Array): FederationList {
  try {
    return FederationList.parse(JSON.parse(Buffer.from(payload).toString('utf8')));
  } catch (error) {
    throw new ListRefused(error instanceof SyntaxError ? 'It holds no JSON' : (error as Error).message);
  }
}
