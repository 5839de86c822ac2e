import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A server for tests that answers as it is told, and notes what it was asked. */
export class TestServer {
  readonly seen: SeenRequest[] = [];
  /** What it answers; left out: 200 and an empty object. */
  says: { readonly status?: number; readonly body?: string } = {};
  /** Answers in its place, before the body was read. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.answer) this.answer(request, response);
      else void this.receive(request, response);
    });
  }

  /** @param port 0 takes a free one */
  static async start(port = 0): Promise<TestServer> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new TestServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = '', url: target = '', headers } = request;
    this.seen.push({ method, target, headers, body: Buffer.concat(chunks) });
    const { status = 200, body = '{}' } = this.says;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  }
}
