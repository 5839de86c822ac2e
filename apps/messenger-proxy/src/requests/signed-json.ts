import { type KeyObject, createPublicKey, verify } from 'node:crypto';

/** What precedes the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410, 4). */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Canonical JSON (Matrix specification, appendix "Canonical JSON"): no white space, keys sorted by code points, which
 * UTF-16 code units, JavaScript's own order, are not.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`);
  return `{${fields.join(',')}}`;
}

/** A public key of a homeserver. @param base64 with or without padding @returns undefined where it is none */
export function ed25519Key(base64: unknown): KeyObject | undefined {
  if (typeof base64 !== 'string') return undefined;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length !== 32) return undefined;
  return createPublicKey({ key: Buffer.concat([ED25519_PREFIX, bytes]), format: 'der', type: 'spki' });
}

/** Whether an object was signed with a key, apart from `signatures` and `unsigned` (appendix "Signing JSON"). */
export function isSignedBy(object: object, key: KeyObject, signature: string): boolean {
  const signed = { ...object, signatures: undefined, unsigned: undefined };
  const present = Object.fromEntries(Object.entries(signed).filter(([, value]) => value !== undefined));
  return verify(null, Buffer.from(canonicalJson(present)), key, Buffer.from(signature, 'base64'));
}
