import { createPublicKey, verify } from 'node:crypto';
import { type Finding, finding } from './finding';
import { asObject, canonical, objectOf } from './json-object';

/** What comes before the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Looks at what a server tells of its keys (`/_matrix/key/v2/server`): that it is the server of this name, and that it
 * has the keys it tells of.
 * @param now milliseconds since 1970
 */
export function keyFinding(body: string, serverName: string, now: number): Finding {
  const tell = (outcome: Finding['outcome'], text: string): Finding => finding('keys', outcome, text);
  const answer = objectOf(body);
  if (!answer) return tell('failed', 'The answer is no JSON object.');
  const { server_name: name, valid_until_ts: validUntil } = answer;
  if (name !== serverName)
    return tell('failed', `They are those of ${String(name)}: another homeserver answers.`);
  const keys = Object.entries(asObject(answer.verify_keys) ?? {});
  if (keys.length === 0) return tell('failed', 'There is none.');
  if (typeof validUntil !== 'number' || validUntil <= now)
    return tell('failed', 'They are not valid any more.');
  const unsigned = keys.filter(([id, key]) => !isSignedBy(answer, serverName, id, asObject(key)?.key));
  if (unsigned.length > 0)
    return tell('failed', `The answer is not signed by ${unsigned.map(([id]) => id).join(', ')}.`);
  const ids = keys.map(([id]) => id).join(', ');
  return tell('ok', `${ids}, valid until ${new Date(validUntil).toISOString().slice(0, 16)}Z`);
}

function isSignedBy(
  answer: Readonly<Record<string, unknown>>,
  serverName: string,
  id: string,
  key: unknown,
): boolean {
  const signature = asObject(asObject(answer.signatures)?.[serverName])?.[id];
  if (!id.startsWith('ed25519:') || typeof key !== 'string' || typeof signature !== 'string') return false;
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length !== 32) return false;
  const publicKey = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, bytes]),
    format: 'der',
    type: 'spki',
  });
  const signed = Object.entries(answer).filter(([name]) => name !== 'signatures' && name !== 'unsigned');
  const text = canonical(Object.fromEntries(signed));
  return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64'));
}
