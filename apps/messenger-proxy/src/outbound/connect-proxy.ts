import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type Socket, connect, isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { getExtensionData, readTlsClientHello } from 'read-tls-client-hello';
import { refusalOf } from '../inbound/federation-check';
import { Refusal, forbidden } from '../requests/refusal';
import type { KnownHosts } from './known-hosts';
import type { LeafCertificates } from './leaf-certificates';
import type { OutboundCalls, Tunnel } from './outbound-calls';
import type { PrivateAddresses } from './private-addresses';

/** What of PrivateAddresses a proxy needs. */
type Addresses = Pick<PrivateAddresses, 'requireHost' | 'lookup'>;

/** Who is told of what passes. */
export interface OutboundHooks {
  readonly onRefusal: (refusal: Refusal, failure: unknown) => void;
  /** A call comes in, in a connection that is looked into. */
  readonly onCall?: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface ConnectProxyDependencies extends OutboundHooks {
  readonly hosts: KnownHosts;
  readonly addresses: Addresses;
  /** Hosts that are no homeservers, such as push gateways and a login provider: connected to without looking inside. */
  readonly otherHosts: ReadonlySet<string>;
  /** Not set: nothing is decrypted, and only the name that a connection asks for is checked. */
  readonly intercept?: { readonly certificates: LeafCertificates; readonly calls: OutboundCalls };
}

/** How long a homeserver may take to begin TLS. */
const HELLO_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;
const AUTHORITY = /^(?<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(?<port>\d{1,5})$/;

/** The proxy that the homeserver calls others through (its `https_proxy`). It takes CONNECT and nothing else. */
export class ConnectProxy {
  readonly server: Server;
  /** Reads the requests in connections that were decrypted; listens nowhere. */
  private readonly inner: Server;
  private readonly tunnels = new WeakMap<object, Tunnel>();
  private readonly sockets = new Set<Socket>();

  constructor(private readonly dependencies: ConnectProxyDependencies) {
    this.server = createServer((_request, response) => {
      response.writeHead(405, { allow: 'CONNECT', 'content-length': 0 }).end();
    });
    this.server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      void this.connect(request, socket, head);
    });
    this.inner = createServer(
      { keepAliveTimeout: 125_000 },
      (request, response) => void this.call(request, response),
    );
  }

  /** Ends what is open. */
  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private async connect(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    // Whoever is gone before the end is nobody's fault.
    socket.on('error', () => socket.destroy());
    try {
      const { host, port } = readAuthority(request.url ?? '');
      this.dependencies.addresses.requireHost(host);
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) socket.unshift(head);
      await this.tunnel(socket, host, port);
    } catch (failure) {
      this.refuse(socket, failure);
    }
  }

  private async tunnel(socket: Socket, host: string, port: number): Promise<void> {
    const name = await nameAskedFor(socket, host);
    if (this.dependencies.otherHosts.has(name.toLowerCase())) {
      requireSameHost(host, name);
      return this.pass(socket, host, port);
    }
    if (!(await this.dependencies.hosts.isOfListed({ name, port }))) {
      throw forbidden('The host is not part of the federation.', 'not-listed');
    }
    const { intercept } = this.dependencies;
    if (intercept) return this.decrypt(socket, { host, port, name }, intercept.certificates);
    requireSameHost(host, name);
    return this.pass(socket, host, port);
  }

  private async decrypt(socket: Socket, tunnel: Tunnel, certificates: LeafCertificates): Promise<void> {
    const secureContext = await certificates.contextFor(tunnel.name);
    const secure = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    secure.on('error', () => secure.destroy());
    this.tunnels.set(secure, tunnel);
    this.inner.emit('connection', secure);
  }

  private pass(socket: Socket, host: string, port: number): void {
    const { lookup } = this.dependencies.addresses;
    const upstream = connect({
      host: host.replace(/^\[|\]$/g, ''),
      port,
      lookup,
      timeout: CONNECT_TIMEOUT_MS,
    });
    upstream.once('connect', () => upstream.setTimeout(0));
    upstream.once('timeout', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
    upstream.once('close', () => socket.destroy());
    socket.once('close', () => upstream.destroy());
    socket.pipe(upstream).pipe(socket);
  }

  private async call(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const tunnel = this.tunnels.get(request.socket);
    const calls = this.dependencies.intercept?.calls;
    this.dependencies.onCall?.(request, response);
    try {
      if (!tunnel || !calls) throw new Error('A request without a tunnel');
      await calls.answer(request, response, tunnel);
    } catch (failure) {
      const refusal = refusalOf(failure);
      this.dependencies.onRefusal(refusal, failure);
      if (response.headersSent) return void response.destroy();
      const body = JSON.stringify({ errcode: refusal.errcode, error: refusal.message });
      response.writeHead(refusal.status, {
        ...refusal.headers,
        'content-type': 'application/json',
        connection: 'close',
      });
      response.end(body);
    }
  }

  /** Before TLS has begun there is nobody to answer to any more: the connection ends. */
  private refuse(socket: Socket, failure: unknown): void {
    const refusal = refusalOf(failure);
    this.dependencies.onRefusal(refusal, failure);
    if (socket.bytesWritten > 0) return void socket.destroy();
    const body = JSON.stringify({ errcode: refusal.errcode, error: refusal.message });
    // Nobody reads it any more, and only whoever reads sees the other side leave.
    socket.setTimeout(HELLO_TIMEOUT_MS, () => socket.destroy()).resume();
    socket.end(
      `HTTP/1.1 ${refusal.status} Refused\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
}

function readAuthority(text: string): { host: string; port: number } {
  const { host, port } = AUTHORITY.exec(text)?.groups ?? {};
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new Refusal(400, 'M_UNRECOGNIZED', 'CONNECT needs a host and a port.', 'connect');
  }
  return { host, port: Number(port) };
}

/** The name in the first message of TLS (SNI); a homeserver that is named by its address sends none. */
async function nameAskedFor(socket: Socket, host: string): Promise<string> {
  const timer = setTimeout(() => socket.destroy(), HELLO_TIMEOUT_MS);
  try {
    const serverName = getExtensionData(await readTlsClientHello(socket), 'server_name')?.serverName;
    const address = host.replace(/^\[|\]$/g, '');
    if (serverName === undefined && isIP(address) === 0) {
      throw forbidden('The connection asks for no name.', 'sni');
    }
    return serverName ?? address;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, 'M_UNRECOGNIZED', 'The connection does not begin with TLS.', 'tls');
  } finally {
    clearTimeout(timer);
  }
}

/** Where nothing is decrypted nobody checks that the server at the host proves the name: both have to be one. */
function requireSameHost(host: string, name: string): void {
  if (host.toLowerCase() !== name.toLowerCase()) {
    throw forbidden('The connection asks for another name than its host.', 'sni');
  }
}
