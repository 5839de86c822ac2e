import { bearerToken, type Config, type Metrics, sameSecret } from '@bridge/platform';
import type { FastifyRequest } from 'fastify';
import { MatrixError } from './matrix-error';

type Verdict = 'current' | 'previous' | 'missing' | 'wrong';

/**
 * Lets only the homeserver reach the Application Service routes: `Authorization: Bearer <hs_token>` (Matrix
 * specification, Application Service API, "Authorization"). The token in the query, as before version 1.4, counts only
 * with `legacyPaths`: URLs end up in the logs of proxies. While the hs_token is being changed two are accepted; the
 * metric tells when the homeserver has stopped to use the previous one.
 * @returns a Fastify `onRequest` hook that fails with 401 `M_MISSING_TOKEN` or 403 `M_FORBIDDEN`
 */
export function homeserverTokenHook(
  config: Config['appservice'],
  metrics: Pick<Metrics, 'counter'>,
): (request: FastifyRequest) => Promise<void> {
  const requests = metrics.counter(
    'bridge_as_requests_total',
    'Requests to the Application Service routes, by the hs_token that they came with.',
    ['token'],
  );
  const verdicts: Verdict[] = ['current', 'previous', 'missing', 'wrong'];
  for (const token of verdicts) requests.inc({ token }, 0);
  return async (request) => {
    // The matched route, not the URL's text: one route can be reached by several spellings of its URL.
    if (!request.routeOptions.url?.startsWith('/_matrix/')) return;
    const { access_token: queried } = request.query as Record<string, unknown>;
    const verdict = judge(bearerToken(request.headers.authorization), queried, config);
    requests.inc({ token: verdict });
    if (verdict === 'missing') throw new MatrixError(401, 'M_MISSING_TOKEN', 'The hs_token is missing.');
    if (verdict === 'wrong') {
      throw new MatrixError(403, 'M_FORBIDDEN', 'This is not the hs_token of the registration.');
    }
  };
}

/** @param queried `access_token` in the query; a list when it is there more than once */
function judge(bearer: string | undefined, queried: unknown, config: Config['appservice']): Verdict {
  const token = bearer ?? (config.legacyPaths && typeof queried === 'string' ? queried : undefined);
  if (token === undefined) return 'missing';
  // Who gives two has to mean the same by them: no proxy shall judge one and this process the other.
  if (queried !== undefined && (typeof queried !== 'string' || !sameSecret(queried, token))) return 'wrong';
  // Both comparisons always, so that the time does not tell which one it was.
  const isCurrent = sameSecret(token, config.hsToken);
  const isPrevious = config.previousHsToken !== undefined && sameSecret(token, config.previousHsToken);
  if (isCurrent) return 'current';
  return isPrevious ? 'previous' : 'wrong';
}
