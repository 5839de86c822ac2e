import { isServerName } from './server-name';

/** What a homeserver says of itself with a request (Server-Server API, "Request Authentication"). */
export interface XMatrix {
  readonly origin: string;
  /** Not sent by homeservers from before Matrix 1.3. */
  readonly destination?: string;
  /** Such as `ed25519:a_abc`. */
  readonly key: string;
  readonly signature: string;
}

const SCHEME = /^X-Matrix +/i;
/** A parameter and what separates it from the next (RFC 9110, 11.4); values without quotes may hold colons, as they did before Matrix 1.3. */
const PARAMETER = /\s*([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"\\]+))\s*(?:,|$)/iy;
const KEY_ID = /^ed25519:[A-Za-z0-9_]+$/;
const SIGNATURE = /^[A-Za-z0-9+/_-]{86}(==)?$/;

/**
 * Reads the value of an `Authorization: X-Matrix …` header. Strictly: a header that two readers could understand in two
 * ways, such as one with a parameter twice, is none.
 * @returns undefined where there is none that could be valid
 */
export function parseXMatrix(header: string | undefined): XMatrix | undefined {
  const scheme = SCHEME.exec(header ?? '');
  if (!scheme || header === undefined) return undefined;
  const parameters = readParameters(header, scheme[0].length);
  if (!parameters) return undefined;
  const origin = parameters.get('origin') ?? '';
  const destination = parameters.get('destination');
  const key = parameters.get('key') ?? '';
  const signature = parameters.get('sig') ?? '';
  const right =
    isServerName(origin) &&
    (destination === undefined || isServerName(destination)) &&
    KEY_ID.test(key) &&
    SIGNATURE.test(signature);
  return right ? { origin, destination, key, signature } : undefined;
}

function readParameters(header: string, from: number): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  let at = from;
  while (at < header.length) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(header);
    const name = match?.[1]?.toLowerCase();
    if (!match || name === undefined || parameters.has(name)) return undefined;
    parameters.set(name, match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '');
    at = PARAMETER.lastIndex;
  }
  return parameters;
}

/** The header again, in the one form that every homeserver reads alike. */
export function formatXMatrix({ origin, destination, key, signature }: XMatrix): string {
  const to = destination === undefined ? '' : `destination="${destination}",`;
  return `X-Matrix origin="${origin}",${to}key="${key}",sig="${signature}"`;
}
