import { request } from 'node:http';
import type { Socket } from 'node:net';
import tls from 'node:tls';

/** A messenger proxy as its own organisation reaches it. */
export class MessengerProxyAccess {
  /** @param address in the organisation's network */
  constructor(readonly address: string) {}

  /** What it says of itself. */
  async ready(): Promise<unknown> {
    const response = await fetch(`http://${this.address}:1233/ready`);
    return response.json();
  }

  /** The sum of its series of a metric that have all these labels, such as `direction="inbound"`. */
  async count(metric: string, ...labels: string[]): Promise<number> {
    const text = await (await fetch(`http://${this.address}:1233/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${metric}{`) && labels.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /**
   * Goes the homeserver's way out to a host. @param ca what the homeserver trusts
   * @returns the names in the certificate that is shown there, or why there is none
   */
  async wayTo(host: string, port: number, ca: string): Promise<string> {
    const socket = await this.#tunnel(`${host}:${port}`);
    if (typeof socket === 'string') return socket;
    return new Promise((resolve) => {
      const secure = tls.connect({ socket, servername: host, ca, ALPNProtocols: ['http/1.1'] }, () => {
        resolve(secure.getPeerCertificate().subjectaltname ?? '');
        secure.destroy();
      });
      secure.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  }

  #tunnel(path: string): Promise<Socket | string> {
    return new Promise((resolve) => {
      const connect = request({ host: this.address, port: 8093, method: 'CONNECT', path });
      connect.once('connect', ({ statusCode }, socket: Socket) => {
        if (statusCode === 200) return resolve(socket);
        socket.destroy();
        resolve(`status ${statusCode}`);
      });
      connect.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      connect.end();
    });
  }
}
