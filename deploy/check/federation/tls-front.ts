import { once } from 'node:events';
import { request } from 'node:http';
import { type Server, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyedCertificate } from '../../local/src/certificate-authority';

/** What a front says of a path: a status without content, an object as JSON, a refusal, or what the homeserver on a port says. */
export type Reply = number | object | Refused | { readonly homeserver: number };

interface Refused {
  readonly refused: number;
  readonly errcode: string;
}

/** A server that ends TLS in front of a homeserver, as a reverse proxy does, well or badly. */
export async function startFront(
  { certificatePem, privateKeyPem }: KeyedCertificate,
  replyTo: (path: string) => Reply,
): Promise<{ readonly port: number; readonly close: () => void }> {
  const server: Server = createServer({ cert: certificatePem, key: privateKeyPem }, (incoming, response) => {
    const reply = replyTo(incoming.url ?? '');
    if (typeof reply === 'number') return void response.writeHead(reply).end();
    if (!('homeserver' in reply)) {
      const headers = { 'content-type': 'application/json', 'access-control-allow-origin': '*' };
      const status = 'refused' in reply ? reply.refused : 200;
      return void response.writeHead(status, headers).end(JSON.stringify(reply));
    }
    const { method, url: path, headers } = incoming;
    const options = { port: reply.homeserver, host: '127.0.0.1', method, path, headers };
    const outgoing = request(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(outgoing.on('error', () => response.writeHead(502).end()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, close };
}
