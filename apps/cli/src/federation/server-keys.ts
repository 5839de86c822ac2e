import { ed25519Key, isSignedBy } from '@bridge/signed-json';
import { type Finding, finding } from './finding';
import { asObject, objectOf } from './json-object';

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
  const unsigned = keys.filter(([id, key]) => !isSignedByKey(answer, serverName, id, asObject(key)?.key));
  if (unsigned.length > 0)
    return tell('failed', `The answer is not signed by ${unsigned.map(([id]) => id).join(', ')}.`);
  const ids = keys.map(([id]) => id).join(', ');
  return tell('ok', `${ids}, valid until ${new Date(validUntil).toISOString().slice(0, 16)}Z`);
}

function isSignedByKey(
  answer: Readonly<Record<string, unknown>>,
  serverName: string,
  id: string,
  key: unknown,
): boolean {
  const signature = asObject(asObject(answer.signatures)?.[serverName])?.[id];
  const publicKey = id.startsWith('ed25519:') ? ed25519Key(key) : undefined;
  return publicKey !== undefined && typeof signature === 'string' && isSignedBy(answer, publicKey, signature);
}
