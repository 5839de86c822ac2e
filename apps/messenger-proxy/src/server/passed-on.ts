import type { IncomingHttpHeaders } from 'node:http';

/** Of one connection only (RFC 9110, 7.6.1); the rest is passed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
]);

/**
 * What of these headers goes on. A request's are taken from here, and not as they came: of a header that came twice Node
 * keeps one, or joins them, and the homeserver is to see none but the one that the rules went by.
 */
export function passedOn(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = namesIn(headers.connection);
  const kept: Record<string, string | string[]> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined && !HOP_BY_HOP.has(name) && !named.includes(name)) kept[name] = value;
  }
  return kept;
}

/**
 * What of the headers of an answer goes back: in the order and with the bytes in which they came.
 * @param raw names and values in turn
 */
export function passedBack(raw: readonly Buffer[]): string[] {
  const named: string[] = [];
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]!.toString('latin1');
    const value = raw[index + 1]!.toString('latin1');
    const known = name.toLowerCase();
    if (known === 'connection') named.push(...namesIn(value));
    else if (!HOP_BY_HOP.has(known)) kept.push(name, value);
  }
  if (named.length === 0) return kept;
  return kept.filter((_each, index) => !named.includes(kept[index - (index % 2)]!.toLowerCase()));
}

/** What `Connection` itself names is meant for one connection as well. */
function namesIn(connection: string | undefined): readonly string[] {
  // As nearly every request and answer has it.
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return [];
  return connection.toLowerCase().split(/\s*,\s*/);
}
