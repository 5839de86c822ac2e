import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';

/** `lost`: answered as taken, and gone. `doubled`: it arrives twice. */
export type Fate = 'delivered' | 'lost' | 'doubled';

/**
 * The way of a FHIR server's notifications to fhir-ingress. Unlike `TcpProxy` it knows HTTP: a lost notification is one
 * of which the FHIR server believes that it has arrived.
 */
export class NotificationChannel {
  readonly seen: Record<Fate, number> = { delivered: 0, lost: 0, doubled: 0 };
  fate: Fate = 'delivered';

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {}

  /** @param target origin of fhir-ingress */
  static async start(port: number, target: string): Promise<NotificationChannel> {
    const server = createServer();
    const channel = new NotificationChannel(server, target);
    server.on('request', (request, response) => void channel.take(request, response));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return channel;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { fate } = this;
    this.seen[fate] += 1;
    const body = await bodyOf(request);
    try {
      if (fate === 'lost') response.writeHead(204).end();
      else {
        if (fate === 'doubled') await this.pass(request, body);
        response.writeHead(await this.pass(request, body)).end();
      }
    } catch {
      // fhir-ingress is away: the FHIR server is to see just that.
      response.destroy();
    }
  }

  private async pass({ url = '', method, headers }: IncomingMessage, body: Buffer): Promise<number> {
    const kept = ['authorization', 'content-type'].flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    const answer = await fetch(this.target + url, {
      method,
      headers: Object.fromEntries(kept),
      ...(body.length > 0 ? { body } : {}),
    });
    await answer.arrayBuffer();
    return answer.status;
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
