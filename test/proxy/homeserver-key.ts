import { type KeyObject, createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson } from '@bridge/signed-json';
import type { Party } from './proxied-federation';

/** What a homeserver signs its calls with. */
export interface HomeserverKey {
  /** Such as `ed25519:a_abc`. */
  readonly id: string;
  readonly sign: (text: string) => string;
}

/** A call of one homeserver to another. */
export interface FederationCall {
  readonly origin: string;
  readonly destination: string;
  readonly method: string;
  /** With its query, as it is sent. */
  readonly path: string;
  readonly content?: object;
}

/** The own key of a homeserver, from its file: algorithm, version and seed. */
export function keyOf({ homeserver }: Party): HomeserverKey {
  const file = join(dirname(homeserver.database), 'signing.key');
  const [algorithm = '', version = '', seed = ''] = readFileSync(file, 'utf8').trim().split(' ');
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'), // what precedes the seed in PKCS #8 (RFC 8410, 7)
    Buffer.from(seed, 'base64'),
  ]);
  return {
    id: `${algorithm}:${version}`,
    sign: signerWith(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })),
  };
}

export function signerWith(key: KeyObject): (text: string) => string {
  // Without padding, as Matrix has it.
  return (text) => sign(null, Buffer.from(text), key).toString('base64').replace(/=+$/, '');
}

/** The header that proves whose call it is (Server-Server API, "Request Authentication"). */
export function xMatrixOf(
  { origin, destination, method, path, content }: FederationCall,
  { id, sign: signed }: HomeserverKey,
): string {
  const signature = signed(
    canonicalJson({ method, uri: path, origin, destination, ...(content && { content }) }),
  );
  return `X-Matrix origin="${origin}",destination="${destination}",key="${id}",sig="${signature}"`;
}
