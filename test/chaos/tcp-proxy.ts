import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline, Transform, type TransformCallback } from 'node:stream';

/** What happens to the bytes of a link. */
export type Weather =
  | { readonly kind: 'calm' }
  /** Nobody is reached: connections break off, new ones as well. */
  | { readonly kind: 'down' }
  /** Whatever is read at once is held back for so long, in both directions. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The request arrives; instead of every so-manieth piece of an answer the connection breaks off. */
  | { readonly kind: 'answers-lost'; readonly everyNth: number };

const calm: Weather = { kind: 'calm' };

/**
 * A link between two servers that can be broken. It knows nothing of what passes: NATS, Postgres and HTTP alike.
 * Before several servers it is a load balancer: one after the other, and past those that refuse.
 */
export class TcpProxy {
  /** Connections that it broke off. */
  broken = 0;
  private readonly open = new Set<Socket>();
  private weather: Weather = calm;
  private turn = 0;
  private answers = 0;

  private constructor(
    private readonly server: Server,
    private readonly upstreams: readonly number[],
  ) {}

  /** @param upstreams ports of 127.0.0.1 */
  static async start(port: number, upstreams: readonly number[]): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, upstreams);
    server.on('connection', (client) => void proxy.accept(client));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** Changes the weather until `clear`. */
  become(weather: Weather): void {
    this.weather = weather;
    if (weather.kind === 'down') this.cut();
  }

  clear(): void {
    this.weather = calm;
  }

  /** Breaks off all connections; new ones are taken. */
  cut(): void {
    this.broken += this.open.size;
    for (const socket of this.open) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async accept(client: Socket): Promise<void> {
    client.on('error', () => undefined);
    this.keep(client);
    const server = this.weather.kind === 'down' ? undefined : await this.reach();
    if (!server || client.destroyed) {
      client.resetAndDestroy();
      server?.destroy();
      return;
    }
    this.keep(server);
    // A side that is gone takes the other with it: neither protocol here lives on half a connection.
    const end = (): void => {
      client.destroy();
      server.destroy();
    };
    pipeline(client, this.passage('question', end), server, end);
    pipeline(server, this.passage('answer', end), client, end);
  }

  private keep(socket: Socket): void {
    this.open.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => this.open.delete(socket));
  }

  /** The next server that takes the connection; undefined when none does. */
  private async reach(): Promise<Socket | undefined> {
    for (let tried = 0; tried < this.upstreams.length; tried += 1) {
      const port = this.upstreams[this.turn++ % this.upstreams.length]!;
      const socket = connect(port, '127.0.0.1');
      try {
        await once(socket, 'connect');
        return socket.on('error', () => undefined);
      } catch {
        socket.destroy(); // refused: the next one
      }
    }
    return undefined;
  }

  /** One piece at a time, so that what is held back is not overtaken. */
  private passage(direction: 'question' | 'answer', end: () => void): Transform {
    const transform = (piece: Buffer, _encoding: BufferEncoding, pass: TransformCallback): void => {
      const { weather } = this;
      if (weather.kind === 'slow') setTimeout(() => pass(null, piece), weather.delayMs);
      else if (direction === 'answer' && this.losesThis(weather)) {
        this.broken += 1;
        end();
      } else pass(null, piece);
    };
    return new Transform({ transform });
  }

  private losesThis(weather: Weather): boolean {
    return weather.kind === 'answers-lost' && (this.answers += 1) % weather.everyNth === 0;
  }
}
