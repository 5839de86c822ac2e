import type { IncomingMessage } from 'node:http';
import { TransientError } from '@bridge/contracts';
import { ListOutdated } from '../federation-list/list-keeper';
import { PrivateAddressError } from '../outbound/private-addresses';
import { Refusal, forbidden, tryLater } from '../requests/refusal';
import type { ServerKeys } from '../requests/server-keys';
import { isRequestSignedBy } from '@bridge/signed-json';
import { type XMatrix, parseXMatrix } from '../requests/x-matrix';
import type { Guard } from '../rules/guard';

/**
 * Who calls: one X-Matrix header, which names a homeserver of the list as its origin and us as its destination.
 * @throws Refusal 401, 403
 */
export async function checkOrigin(request: IncomingMessage, guard: Guard): Promise<XMatrix> {
  const headers = authorizationsOf(request);
  const xMatrix = headers.length === 1 ? parseXMatrix(headers[0]) : undefined;
  if (!xMatrix) {
    throw new Refusal(
      401,
      'M_UNAUTHORIZED',
      'Missing or unreadable X-Matrix authorization header.',
      'x-matrix',
    );
  }
  if (xMatrix.origin === guard.ownServer) {
    throw forbidden('The request is said to be of this homeserver itself.', 'origin');
  }
  await guard.requireServer(xMatrix.origin);
  if (xMatrix.destination !== undefined && xMatrix.destination !== guard.ownServer) {
    throw new Refusal(401, 'M_UNAUTHORIZED', 'The request is for another homeserver.', 'destination');
  }
  return xMatrix;
}

/** Node keeps the first of several and drops the rest; a homeserver may take the last. */
function authorizationsOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter(
    (_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'authorization',
  );
}

/**
 * The homeserver that is named has signed the request (Server-Server API, "Request Authentication").
 * @param target path and query as they were sent
 * @param content the body as it was sent, which is JSON; undefined where there is none
 * @throws Refusal 401; 503 where the key cannot be had now
 */
export async function checkSignature(
  { origin, key: keyId, signature }: XMatrix,
  { method, target, content }: { method: string; target: string; content?: string },
  destination: string,
  keys: ServerKeys,
): Promise<void> {
  const key = await keys.find(origin, keyId).catch((error: unknown) => {
    throw error instanceof TransientError ? tryLater('signature') : error;
  });
  const signed = { method, uri: target, origin, destination, content };
  if (!key || !isRequestSignedBy(signed, key, signature)) {
    throw new Refusal(401, 'M_UNAUTHORIZED', 'The signature of the request is wrong.', 'signature');
  }
}

/** What a failure of a check means for whoever calls: nobody passes because something could not be found out. */
export function refusalOf(failure: unknown): Refusal {
  if (failure instanceof Refusal) return failure;
  if (failure instanceof ListOutdated) {
    return forbidden('The federation list is outdated, so nobody else is let in.', 'list-outdated');
  }
  if (failure instanceof PrivateAddressError)
    return forbidden('The host is at a private address.', 'private-address');
  if (failure instanceof TransientError) return tryLater('not-known');
  return new Refusal(500, 'M_UNKNOWN', 'Internal error.', 'internal');
}
