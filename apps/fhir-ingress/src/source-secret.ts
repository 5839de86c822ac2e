import { type Config, bearerToken, sameSecret } from '@bridge/platform';
import type { FastifyRequest } from 'fastify';
import { OperationOutcomeError } from './operation-outcome';

/**
 * Lets a source reach its own endpoints: `Authorization: Bearer <secret of that source>`, which the FHIR server sends
 * as a header of its Subscription's channel. An unknown source and a wrong secret are answered alike, so that nobody
 * learns which sources there are.
 * @returns a Fastify `onRequest` hook that fails with 401
 */
export function sourceSecretHook(
  secrets: Config['notifications']['secrets'],
): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    // The matched route, not the URL's text: one route can be reached by several spellings of its URL.
    if (!request.routeOptions.url?.startsWith('/notify/')) return;
    const { source } = request.params as { source: string };
    const secret = bearerToken(request.headers.authorization);
    const right = Object.hasOwn(secrets, source) ? secrets[source] : undefined;
    // An unknown source costs the same comparison.
    const matches = sameSecret(secret ?? '', right ?? '');
    if (!right || !secret || !matches) {
      throw new OperationOutcomeError(
        401,
        'security',
        'A bearer token that belongs to this source is needed.',
        {
          'www-authenticate': 'Bearer',
        },
      );
    }
  };
}
