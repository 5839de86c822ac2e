import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** An application service that answers 200 at once and stores nothing: the homeserver then replays as fast as it can. */
export class ApplicationServiceStub {
  /** The ids of the events that it was sent. */
  readonly seen = new Set<string>();

  private constructor(private readonly server: Server) {}

  static async start(port: number): Promise<ApplicationServiceStub> {
    const server = createServer();
    const stub = new ApplicationServiceStub(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        stub.note(Buffer.concat(chunks).toString());
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return stub;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private note(body: string): void {
    const { events = [] } = JSON.parse(body || '{}') as { events?: { event_id: string }[] };
    for (const { event_id: id } of events) this.seen.add(id);
  }
}
