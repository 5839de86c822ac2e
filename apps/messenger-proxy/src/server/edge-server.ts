import { once } from 'node:events';
import { type RequestListener, type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** Behind it, idle connections of load balancers end first (60 s), and Synapse's (120 s). */
const KEEP_ALIVE_MS = 125_000;
const HEADERS_TIMEOUT_MS = 60_000;
const MIN_TLS = 'TLSv1.2';

/** What a connection is told that did not bring a request; nothing else can be said of it. */
const BROKEN: Readonly<Record<string, readonly [status: string, errcode: string, error: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'M_UNKNOWN', 'The request did not come in time.'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'M_TOO_LARGE', 'The headers are too large.'],
};
const UNREADABLE = ['400 Bad Request', 'M_UNRECOGNIZED', 'The request cannot be read.'] as const;

/** A certificate and its key, as PEM. */
export interface EdgeCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Where others are served. Requests come as they were sent: their address is not decoded and their body not read here. */
export class EdgeServer {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  /** @param certificate not set: TLS ends in front of it */
  constructor(answer: RequestListener, certificate?: EdgeCertificate) {
    // A body may take as long as it takes: it passes through while it comes.
    const options = {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: 0,
    };
    this.server = certificate
      ? createTlsServer({ ...options, ...certificate, minVersion: MIN_TLS }, answer)
      : createServer(options, answer);
    this.server.on('clientError', tellBroken);
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  /** @param port 0 takes a free one @throws what the system says of a port that cannot be had */
  async listen(port: number, host: string): Promise<void> {
    this.server.listen(port, host);
    await once(this.server, 'listening');
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends what is open, long polls and connections that have only begun among them. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = [this.server, ...this.sockets].map(
      (each) => new Promise((end) => each.once('close', end)),
    );
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(closed);
  }
}

function tellBroken({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  const [status, errcode, error] = BROKEN[code] ?? UNREADABLE;
  const body = JSON.stringify({ errcode, error });
  // Amid an answer these would be taken for a part of it.
  if (socket.writable && socket.bytesWritten === 0) {
    socket.write(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroy();
}
