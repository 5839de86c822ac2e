import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a fault server says to every request; `hang` says nothing at all. */
export interface Fault {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly hang?: true;
}

export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A server for the answers that a real one cannot be asked for. It notes what it was asked. */
export class FaultServer {
  readonly seen: SeenRequest[] = [];
  fault: Fault = {};

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FaultServer> {
    const server = createServer();
    const faulty = new FaultServer(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        faulty.seen.push({ method, target: url, headers, body: Buffer.concat(chunks) });
        const { status = 200, headers: answered = {}, body = '{}', hang } = faulty.fault;
        if (!hang) response.writeHead(status, answered).end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return faulty;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The latest request. */
  get last(): SeenRequest {
    const request = this.seen.at(-1);
    if (!request) throw new Error('nothing was asked yet');
    return request;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
