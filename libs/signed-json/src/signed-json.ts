import { type KeyObject, createPublicKey, verify } from 'node:crypto';
import { canonicalText } from './json-text';

/** What precedes the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410, 4). */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A value as what is signed. Fields that are undefined are not there. */
export function canonicalJson(value: unknown): string {
  return canonicalText(JSON.stringify(value));
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
  const json = jsonOf(signed);
  return json !== undefined && isTextSignedBy(json, key, signature);
}

/** A request as its sender has signed it (Server-Server API, "Request Authentication"). */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly uri: string;
  readonly origin: string;
  readonly destination: string;
  /** The body as it was sent: JSON. Not set: there is none. */
  readonly content?: string;
}

/** Whether a request was signed with a key. */
export function isRequestSignedBy(request: SignedRequest, key: KeyObject, signature: string): boolean {
  const { content, ...more } = request;
  const rest = JSON.stringify(more).slice(1);
  return isTextSignedBy(content === undefined ? `{${rest}` : `{"content":${content},${rest}`, key, signature);
}

function isTextSignedBy(json: string, key: KeyObject, signature: string): boolean {
  return verify(null, Buffer.from(canonicalText(json)), key, Buffer.from(signature, 'base64'));
}

/** @returns undefined where it nests so deep that it cannot be written: no homeserver has signed that */
function jsonOf(object: object): string | undefined {
  try {
    return JSON.stringify(object);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
