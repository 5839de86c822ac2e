import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The homeserver's side of the appservice ping, and no Rooms: away for as long as a test wants. */
export class FakeHomeserver {
  /** Paths of the pings that came, with their authorization. */
  readonly pings: { path: string; authorization: string | undefined }[] = [];
  away = false;
  /** Takes a ping, and says nothing. */
  hangs = false;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeHomeserver> {
    const server = createServer();
    const homeserver = new FakeHomeserver(server);
    server.on('request', (request, response) => {
      request.resume();
      if (!request.url?.endsWith('/ping')) {
        response.writeHead(404, { 'content-type': 'application/json' });
        response.end('{"errcode":"M_NOT_FOUND"}');
        return;
      }
      homeserver.pings.push({ path: request.url ?? '', authorization: request.headers.authorization });
      if (homeserver.hangs) return;
      response.writeHead(homeserver.away ? 502 : 200, { 'content-type': 'application/json' });
      response.end(homeserver.away ? '{"errcode":"M_UNKNOWN"}' : '{"duration_ms":1}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return homeserver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
