import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Headers in which whoever stands in front says who calls, by what, and as what. */
const SAID_IN_FRONT = /^(?:forwarded|x-forwarded-.*|x-real-ip)$/;

/**
 * Has the headers of a request say who calls. The homeserver believes them, as it limits calls by address (Synapse's
 * `x_forwarded`): so what a caller wrote itself must not come to it.
 *
 * Where TLS ends here nobody stands in front, and they are written anew. Elsewhere a reverse proxy has written them, and they
 * stay; one that did not is itself the address.
 */
export function writeForwardedFor({ headers, socket }: IncomingMessage): void {
  const address = addressOf(socket);
  if (!(socket as Partial<TLSSocket>).encrypted) {
    if (address !== undefined) headers['x-forwarded-for'] ??= address;
    return;
  }
  for (const name of Object.keys(headers)) if (SAID_IN_FRONT.test(name)) delete headers[name];
  if (address !== undefined) headers['x-forwarded-for'] = address;
  headers['x-forwarded-proto'] = 'https';
  if (headers.host !== undefined) headers['x-forwarded-host'] = headers.host;
}

/** An IPv4 address that came to a socket of both families is written as one. */
function addressOf({ remoteAddress }: Socket): string | undefined {
  return remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '');
}
