import type { IncomingMessage, ServerResponse } from 'node:http';
import { readTarget, type RawPath } from '../requests/raw-path';
import { Refusal } from '../requests/refusal';
import { type ClientRule, withoutVersion } from '../routes/client-routes';
import type { FederationRule } from '../routes/federation-routes';
import { type NoMatch, type RouteTable, isMatch } from '../routes/route-table';
import { writeForwardedFor } from '../server/forwarded-for';
import type { Forwarder } from '../server/forwarder';
import type { ClientCalls } from './client-calls';
import type { FederationCalls } from './federation-calls';
import { refusalOf } from './federation-check';
import { type WellKnown, wellKnownAnswer } from './well-known';

/** Which calls are let through beside those of the tables. */
export type OtherCalls = 'forward' | 'refuse';

export interface InboundDependencies {
  readonly clientTable: RouteTable<ClientRule>;
  readonly federationTable: RouteTable<FederationRule>;
  readonly clientCalls: ClientCalls;
  readonly federationCalls: FederationCalls;
  readonly homeserver: Forwarder;
  readonly wellKnown: WellKnown;
  /** `forward`: other calls of clients go to the homeserver, and rules hold for every version of the API. */
  readonly otherClientCalls: OtherCalls;
  readonly onRefusal: (refusal: Refusal, failure: unknown, request: IncomingMessage) => void;
}

/** Browsers read an answer of another origin only with these (Client-Server API, "Web Browser Clients"). */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, PUT, DELETE, OPTIONS',
  'access-control-allow-headers': 'X-Requested-With, Content-Type, Authorization',
} as const;

const WELL_KNOWN = '/.well-known/matrix/';
const FEDERATION = /^\/_matrix\/(federation|key)\//;
/** Calls of clients that no table has: other APIs below these are for the inside, such as `/_synapse/admin`. */
const CLIENT = /^\/(_matrix\/(client|media)|_synapse\/client)\//;

/** What stands between everybody else and the homeserver. */
export class InboundProxy {
  constructor(private readonly dependencies: InboundDependencies) {}

  /** Answers a request; never throws. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      writeForwardedFor(request);
      await this.route(request, response);
    } catch (failure) {
      const refusal = refusalOf(failure);
      this.dependencies.onRefusal(refusal, failure, request);
      refuse(request, response, refusal);
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = readTarget(request.url ?? '');
    if (!address) throw new Refusal(400, 'M_UNRECOGNIZED', 'The address has more than one reading.', 'path');
    if (request.method === 'GET' && address.path.startsWith(WELL_KNOWN)) {
      const known = await wellKnownAnswer(address.path, this.dependencies.wellKnown);
      if (known) return answerJson(response, 200, known, CORS);
    }
    if (FEDERATION.test(address.path)) return this.federation(request, response, address);
    return this.client(request, response, address);
  }

  private federation(request: IncomingMessage, response: ServerResponse, address: RawPath): Promise<void> {
    const { federationTable, federationCalls } = this.dependencies;
    const match = federationTable.find(request.method ?? '', address.path);
    if (!isMatch(match)) throw unknownCall(match);
    return federationCalls.answer({ request, response, address, match });
  }

  private client(request: IncomingMessage, response: ServerResponse, address: RawPath): Promise<void> {
    const { clientTable, clientCalls, otherClientCalls, homeserver } = this.dependencies;
    const others = otherClientCalls === 'forward';
    const path = others ? withoutVersion(address.path) : address.path;
    // Synapse answers HEAD as it answers GET.
    const method = others && request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    const match = clientTable.find(method, path);
    if (isMatch(match)) return clientCalls.answer({ request, response, address, match });
    const asked = request.method === 'OPTIONS' && match.methods.length > 0;
    if (asked || (others && CLIENT.test(address.path))) {
      return homeserver.forward(request, response, { target: address.path + address.query });
    }
    throw unknownCall(match);
  }
}

function unknownCall({ methods }: NoMatch): Refusal {
  return methods.length === 0
    ? new Refusal(404, 'M_UNRECOGNIZED', 'Unknown endpoint.', 'unknown-path')
    : new Refusal(405, 'M_UNRECOGNIZED', 'Wrong method for this endpoint.', 'unknown-method', {
        allow: methods.join(', '),
      });
}

function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { errcode, message, status, headers } = refusal;
  // What is left of a body is not read: the connection ends with this answer, before somebody sends all of it.
  const unread = !request.complete && request.headers['content-length'] !== '0';
  answerJson(
    response,
    status,
    { errcode, error: message },
    { ...CORS, ...headers, ...(unread && { connection: 'close' }) },
  );
}

function answerJson(
  response: ServerResponse,
  status: number,
  content: object,
  headers: Readonly<Record<string, string>>,
): void {
  const body = Buffer.from(JSON.stringify(content));
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': body.length,
  });
  response.end(body);
}
