import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Agent } from 'undici';

/** Counts the calls to a server, by what they are for. Everything else passes through as it is. */
export class CountingProxy {
  readonly calls = new Map<string, number>();
  private readonly agent = new Agent();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    private readonly purposeOf: (method: string, path: string) => string,
  ) {}

  /** @param purposeOf what a call is counted as, by its method and path */
  static async start(
    target: string,
    purposeOf: (method: string, path: string) => string,
  ): Promise<CountingProxy> {
    const server = createServer();
    const proxy = new CountingProxy(server, new URL(target), purposeOf);
    server.on('request', (request, response) => {
      proxy.pass(request, response).catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** Where the target can be reached through this. */
  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.target.pathname.replace(/\/$/, '')}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await this.agent.close();
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const purpose = this.purposeOf(method, url);
    this.calls.set(purpose, (this.calls.get(purpose) ?? 0) + 1);
    const { host, connection, ...headers } = request.headers;
    void [host, connection];
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    const answer = await this.agent.request({
      origin: this.target.origin,
      method: method,
      path: url,
      headers,
      body: hasBody ? request : null,
    });
    response.writeHead(answer.statusCode, answer.headers);
    await pipeline(answer.body, response);
  }
}

/** "GET Communication by search", "PUT Communication", …: no id, so that calls for the same add up. */
export function fhirPurpose(method: string, path: string): string {
  const { pathname, searchParams } = new URL(path, 'http://fhir');
  const [, , type = '', id] = pathname.split('/');
  if (method === 'GET' && id === undefined && searchParams.size > 0) return `search ${type}`;
  return `${method} ${type}`;
}

/** "PUT send/m.room.message", "GET state", …: what follows the room's id. */
export function matrixPurpose(method: string, path: string): string {
  const { pathname } = new URL(path, 'http://homeserver');
  const [, room] = /\/rooms\/[^/]+\/(.*)$/.exec(pathname) ?? [];
  const [kind, type] = (room ?? pathname.replace(/^\/_matrix\//, '')).split('/');
  return kind === 'send' ? `${method} ${kind}/${decodeURIComponent(type ?? '')}` : `${method} ${kind}`;
}
