import { bearerToken, sameSecret } from '@bridge/platform';
import type { FastifyRequest } from 'fastify';
import { MatrixError } from './matrix-error';

/**
 * Lets only the homeserver reach the Application Service routes: `Authorization: Bearer <hs_token>` (Matrix
 * specification, Application Service API, "Authorization"). The token in the query, as before version 1.4, is not
 * accepted: URLs end up in the logs of proxies.
 * @returns a Fastify `onRequest` hook that fails with 401 `M_MISSING_TOKEN` or 403 `M_FORBIDDEN`
 */
export function homeserverTokenHook(hsToken: string): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    // The matched route, not the URL's text: one route can be reached by several spellings of its URL.
    if (!request.routeOptions.url?.startsWith('/_matrix/')) return;
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) throw new MatrixError(401, 'M_MISSING_TOKEN', 'The hs_token is missing.');
    if (!sameSecret(token, hsToken)) {
      throw new MatrixError(403, 'M_FORBIDDEN', 'This is not the hs_token of the registration.');
    }
  };
}
