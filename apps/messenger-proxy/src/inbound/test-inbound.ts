import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { KeyedCertificate } from '@bridge/certificates';
import { defaultPermissions } from '../invites/permission-config';
import { TokenOwners } from '../invites/token-owners';
import type { ServerKeys } from '../requests/server-keys';
import { clientRoutes } from '../routes/client-routes';
import { federationRoutes } from '../routes/federation-routes';
import { RouteTable } from '../routes/route-table';
import { testGuard } from '../rules/test-guard';
import { EdgeServer } from '../server/edge-server';
import { Forwarder } from '../server/forwarder';
import { ClientCalls } from './client-calls';
import { FederationCalls } from './federation-calls';
import { InboundProxy } from './inbound-proxy';

const DAY_MS = 24 * 3_600_000;

/** An inbound proxy of own.example with the rules of `tim`, before a homeserver of a test. */
export interface TestInbound {
  readonly port: number;
  stop(): Promise<void>;
}

/** What a test has otherwise than the others. */
export interface TestInboundOptions {
  /** To the homeserver, as PROXY_CONNECTIONS. */
  readonly connections?: number;
  /** Set: signatures are checked. */
  readonly keys?: ServerKeys;
  /** Set: TLS ends here. */
  readonly tls?: KeyedCertificate;
}

export async function startTestInbound(
  homeserverUrl: string,
  { connections = 10_000, keys, tls }: TestInboundOptions = {},
): Promise<TestInbound> {
  const homeserver = new Forwarder(homeserverUrl, connections);
  const guard = testGuard({ listed: ['a.example'] });
  const owner = { status: 200, body: { user_id: '@me:own.example' } };
  const proxy = new InboundProxy({
    clientTable: new RouteTable(clientRoutes()),
    federationTable: new RouteTable(federationRoutes()),
    clientCalls: new ClientCalls({
      guard,
      rules: {
        versions: ['10', '9'],
        invites: 1,
        publicRoomsStayHere: true,
        forbiddenTypes: [],
        versionCeiling: 'v1.11',
        strictMessages: true,
        redactionLimitMs: DAY_MS,
        permissions: defaultPermissions('allow all'),
      },
      homeserver,
      owners: new TokenOwners(() => Promise.resolve(owner), 60_000),
      permissionsChanged: () => undefined,
      now: Date.now,
    }),
    federationCalls: new FederationCalls({ guard, homeserver, keys }),
    homeserver,
    wellKnown: { server: 'own.example:443', support: () => Promise.resolve(undefined) },
    otherClientCalls: 'refuse',
    onRefusal: () => undefined,
  });
  const server = new EdgeServer(
    (request, response) => void proxy.answer(request, response),
    tls && { cert: tls.certificatePem, key: tls.privateKeyPem },
  );
  await server.listen(0, '127.0.0.1');
  const stop = async (): Promise<void> => {
    await server.close();
    await homeserver.close();
  };
  return { port: server.port, stop };
}

/** A request of somebody who is logged in. @returns the answer when it has begun */
export async function callAsClient(
  port: number,
  method: string,
  path: string,
  body?: string,
): Promise<IncomingMessage> {
  const headers = { authorization: 'Bearer mine', 'content-type': 'application/json' };
  const request = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent: false });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

export async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
