import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { MatrixError } from './matrix-error';

const BEARER = /^Bearer +(\S+)$/i;

/**
 * Lets only the homeserver reach the Application Service routes: `Authorization: Bearer <hs_token>` (Matrix
 * specification, Application Service API, "Authorization"). The token in the query, as before version 1.4, is not
 * accepted: URLs end up in the logs of proxies.
 * @returns a Fastify `onRequest` hook that fails with 401 `M_MISSING_TOKEN` or 403 `M_FORBIDDEN`
 */
export function homeserverTokenHook(hsToken: string): (request: FastifyRequest) => Promise<void> {
  const expected = sha256(hsToken);
  return async (request) => {
    // The matched route, not the URL's text: one route can be reached by several spellings of its URL.
    if (!request.routeOptions.url?.startsWith('/_matrix/')) return;
    const [, token] = BEARER.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) throw new MatrixError(401, 'M_MISSING_TOKEN', 'The hs_token is missing.');
    // Hashes have one length, so that the comparison tells neither the token's length nor its start.
    if (!timingSafeEqual(sha256(token), expected)) {
      throw new MatrixError(403, 'M_FORBIDDEN', 'This is not the hs_token of the registration.');
    }
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
