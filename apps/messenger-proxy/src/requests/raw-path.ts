/** What a client that means well never sends: an address in two forms, which two readers understand in two ways. */
const AMBIGUOUS = /[^!-~]|[\\<>"^`{|}]|\/\/|\/\.{1,2}(?=\/|$)/;
/** Letters, digits and the dot, which no client encodes; and the zero byte. */
const NEEDLESS = /%(?:4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]|3\d|2e|00)/i;
const ESCAPE = /%(?![0-9a-f]{2})/i;

/** The parts of a request's address, as they were sent. */
export interface RawPath {
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
}

/**
 * Takes the target of a request apart without decoding it.
 * @returns undefined for what has more than one reading: dot segments, double slashes, encoded letters, absolute forms, and
 * what is no UTF-8, which is no parameter for a rule and one for the homeserver
 */
export function readTarget(target: string): RawPath | undefined {
  const [, path = '', query = ''] = /^(\/[^?#]*)(\?[^#]*)?$/.exec(target) ?? [];
  if (path === '' || AMBIGUOUS.test(path) || NEEDLESS.test(path) || ESCAPE.test(path)) return undefined;
  if (decodeSegment(path) === undefined) return undefined;
  // Synapse's HTTP server takes a semicolon for an ampersand.
  return /[^!-~]|;/.test(query) ? undefined : { path, query };
}

/** A segment of a path as text. @returns undefined where it is no UTF-8 */
export function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
