import { createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

/** The algorithms that SMART Backend Services asks clients for. */
export type SigningAlgorithm = 'RS384' | 'ES384';

export interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: SigningAlgorithm;
  /** Where the key was written as a JWK that has one. */
  readonly kid?: string;
}

const leastRsaBits = 2048;

/**
 * Reads a private key that is to sign assertions: PEM, or one JWK as JSON.
 * @throws when the text is no key, is encrypted, or is of a kind that neither algorithm can use
 */
export function signingKey(text: string): SigningKey {
  if (!text.trimStart().startsWith('{')) return withAlgorithm(createPrivateKey(text));
  const jwk = JSON.parse(text) as Record<string, unknown>;
  const read = withAlgorithm(createPrivateKey({ key: jwk, format: 'jwk' }));
  return typeof jwk.kid === 'string' && jwk.kid ? { ...read, kid: jwk.kid } : read;
}

function withAlgorithm(key: KeyObject): SigningKey {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= leastRsaBits) return { key, algorithm: 'RS384' };
  // OpenSSL's name of the curve P-384.
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'secp384r1') return { key, algorithm: 'ES384' };
  throw new TypeError('This kind of key signs neither RS384 nor ES384');
}

/** A setting that {@link signingKey} can read; its value stays the text. */
export function signingKeyText() {
  return z
    .string()
    .refine((text) => {
      try {
        return signingKey(text) !== undefined;
      } catch {
        return false;
      }
    })
    .describe(
      `a private key in PEM or as JWK, not encrypted: RSA of at least ${leastRsaBits} bits, or EC on P-384`,
    );
}
