import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeSegment, readTarget } from '../requests/raw-path';
import { Refusal, badJson, forbidden } from '../requests/refusal';
import { hostOf } from '../requests/server-name';
import { parseXMatrix } from '../requests/x-matrix';
import type { Forwarder } from '../server/forwarder';
import type { KnownHosts, Place } from './known-hosts';

/** Where a connection of the homeserver leads. */
export interface Tunnel extends Place {
  /** Host of CONNECT; its port is the port. The name (SNI) is what the server there has to prove by its certificate. */
  readonly host: string;
}

export interface OutboundCallDependencies {
  readonly ownServer: string;
  readonly hosts: KnownHosts;
  isListed(server: string): Promise<boolean>;
  /** The way to a server. */
  forwarderFor(tunnel: Tunnel): Forwarder;
}

const WELL_KNOWN = '/.well-known/matrix/server';
const KEYS = /^\/_matrix\/key\/v2\/(server(\/[^/]*)?|query(\/[^/]+)*)$/;
const FEDERATION = /^\/_matrix\/federation\//;
const MEDIA = /^\/_matrix\/media\/(?:r0|v3)\/(?:download|thumbnail)\/([^/]+)\/[^/]+(?:\/[^/]+)?$/;

/** Answers what our homeserver asks of others: each call goes to whom it says it is for, and nowhere else. */
export class OutboundCalls {
  constructor(private readonly dependencies: OutboundCallDependencies) {}

  /** @throws Refusal and what checks throw */
  async answer(request: IncomingMessage, response: ServerResponse, tunnel: Tunnel): Promise<void> {
    const address = readTarget(request.url ?? '');
    if (!address) throw new Refusal(400, 'M_UNRECOGNIZED', 'The address has more than one reading.', 'path');
    if (hostOf(request.headers.host ?? '').toLowerCase() !== tunnel.name.toLowerCase()) {
      throw forbidden('The request is for another host than the connection.', 'host');
    }
    const target = address.path + address.query;
    const forwarder = this.dependencies.forwarderFor(tunnel);
    if (address.path === WELL_KNOWN) return this.wellKnown(request, response, tunnel, forwarder);
    await this.check(request, address.path, tunnel);
    return forwarder.forward(request, response, { target });
  }

  private async check(request: IncomingMessage, path: string, tunnel: Tunnel): Promise<void> {
    const media = MEDIA.exec(path)?.[1];
    if (media !== undefined) return this.requireServerAt(decodeSegment(media), tunnel);
    // Keys are asked for without saying whose; the name that the server proves says it.
    if (KEYS.test(path)) return this.requireHost(tunnel);
    if (!FEDERATION.test(path)) {
      throw new Refusal(404, 'M_UNRECOGNIZED', 'Unknown endpoint.', 'unknown-path');
    }
    const xMatrix = parseXMatrix(request.headers.authorization);
    if (xMatrix?.destination === undefined) {
      throw new Refusal(
        401,
        'M_UNAUTHORIZED',
        'Missing X-Matrix authorization header with a destination.',
        'x-matrix',
      );
    }
    if (xMatrix.origin !== this.dependencies.ownServer) {
      throw forbidden('The request is not of this homeserver.', 'origin');
    }
    return this.requireServerAt(xMatrix.destination, tunnel);
  }

  private async requireServerAt(server: string | undefined, tunnel: Tunnel): Promise<void> {
    if (server === undefined || !(await this.dependencies.isListed(server))) {
      throw forbidden('The homeserver is not part of the federation.', 'not-listed');
    }
    if (!this.dependencies.hosts.isOf(tunnel, server)) {
      throw forbidden('The request is for another homeserver than the connection.', 'destination');
    }
  }

  private async requireHost(tunnel: Tunnel): Promise<void> {
    if (!(await this.dependencies.hosts.isOfListed(tunnel))) {
      throw forbidden('The homeserver is not part of the federation.', 'not-listed');
    }
  }

  /** Only homeservers of the list are asked where they are; the answer is noted, as the next call comes to that place. */
  private async wellKnown(
    request: IncomingMessage,
    response: ServerResponse,
    { name }: Tunnel,
    forwarder: Forwarder,
  ): Promise<void> {
    if (!(await this.dependencies.hosts.isNameOfListed(name))) {
      throw forbidden('The homeserver is not part of the federation.', 'not-listed');
    }
    const { status, headers, body } = await forwarder.fetch(request, { target: WELL_KNOWN });
    if (status === 200) this.dependencies.hosts.noteDelegation(name, jsonOf(body));
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.end(body);
  }
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw badJson('The well-known file is not JSON.', 'well-known');
  }
}
