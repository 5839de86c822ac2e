import { once } from 'node:events';
import { type Server, createServer } from 'node:https';
import type { KeyedCertificate } from '../../../local/src/certificate-authority';
import type { KubernetesObject } from '../../helm/kubernetes-object';
import type { Store } from './store';

/** What of Kubernetes' API the charts call: creating Secrets in their namespace, with the token of a pod. */
export async function startApiServer(
  place: { readonly address: string; readonly port: number },
  { certificatePem: cert, privateKeyPem: key }: KeyedCertificate,
  token: string,
  store: Store,
): Promise<Server> {
  const server = createServer({ cert, key }, (request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      response.statusCode = statusFor(
        `${request.method} ${request.url}`,
        request.headers.authorization,
        body,
      );
      response.end('{}');
    })();
  });
  const statusFor = (what: string, authorization: string | undefined, body: string): number => {
    if (authorization !== `Bearer ${token}`) return 401;
    if (what !== 'POST /api/v1/namespaces/care/secrets') return 403;
    return store.createSecret(JSON.parse(body) as KubernetesObject) ? 201 : 409;
  };
  server.listen(place.port, place.address);
  await once(server, 'listening');
  return server;
}
