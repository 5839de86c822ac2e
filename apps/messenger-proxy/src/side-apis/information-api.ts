import Fastify, { type FastifyInstance } from 'fastify';
import type { FederationList } from '../federation-list/federation-list';
import type { OpenIdOwner } from './openid';

/** Of the interface. */
const VERSION = '1.0.0';
/** Where gematik's information service is (I_TiMessengerInformation). */
const BASE = '/tim-information';

export interface InformationApiDependencies {
  readonly list: () => FederationList;
  readonly owner: OpenIdOwner;
}

/** What clients ask about homeservers of the list: which one an insurance has, and whether one is of insured people. */
export function informationApi({ list, owner }: InformationApiDependencies): FastifyInstance {
  const app = Fastify({ logger: false });
  app.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    void reply.code(status).send({ errorCode: status < 500 ? 'BAD_REQUEST' : 'INTERNAL' });
  });
  app.get(`${BASE}/`, () => ({ title: 'Information about homeservers', version: VERSION }));
  app.register((known) => {
    known.addHook('onRequest', async (request, reply) => {
      if ((await owner(request.headers.authorization)) === undefined) {
        return reply.code(401).send({ errorCode: 'UNAUTHORIZED' });
      }
    });
    known.get<{ Querystring: { ikNumber?: string } }>(`${BASE}/v1/server/findByIk`, (request, reply) => {
      const { ikNumber } = request.query;
      if (!/^\d{9}$/.test(ikNumber ?? '')) return reply.code(400).send({ errorCode: 'BAD_REQUEST' });
      const server = list().findByIk(ikNumber!);
      return server ? { serverName: server.domain } : reply.code(404).send({ errorCode: 'NOT_FOUND' });
    });
    known.get<{ Querystring: { serverName?: string } }>(`${BASE}/v1/server/isInsurance`, (request, reply) => {
      const { serverName } = request.query;
      if (!serverName) return reply.code(400).send({ errorCode: 'BAD_REQUEST' });
      const server = list().find(serverName);
      return server ? { isInsurance: server.isInsurance } : reply.code(404).send({ errorCode: 'NOT_FOUND' });
    });
  });
  return app;
}
