import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpRequest } from './http-request';

/** A notification as it came over the wire, and what the FHIR server was told. */
export interface Tapped {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly status: number;
}

interface Answer {
  readonly status: number;
  readonly answered: Record<string, string>;
  readonly text: string;
}

/** Stands between a FHIR server and fhir-ingress: notes every notification, hands it on, and refuses some when asked to. */
export class NotificationTap {
  readonly seen: Tapped[] = [];
  /** Added where the sender has none, as a proxy does for senders that cannot show who they are. */
  authorization = '';
  private refusals = 0;

  private constructor(
    private readonly server: Server,
    private readonly ingressUrl: string,
  ) {}

  /** @param ingressUrl of fhir-ingress, without a path */
  static async start(ingressUrl: string): Promise<NotificationTap> {
    const server = createServer();
    const tap = new NotificationTap(server, ingressUrl);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url: target = '', headers } = request;
        const asked = { method, target, headers, body: Buffer.concat(chunks).toString() };
        tap.answerTo(asked).then(
          ({ status, answered, text }) => {
            tap.seen.push({ ...asked, status });
            response.writeHead(status, answered).end(text);
          },
          () => response.destroy(),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  /** What Subscriptions name as their endpoint. */
  get notifyUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/notify/ehr`;
  }

  /** The next notifications are answered with 503, and not handed on. */
  refuseNext(count: number): void {
    this.refusals = count;
  }

  /** Those about something, in the order in which they came. */
  about(what: string): Tapped[] {
    return this.seen.filter(({ target, body }) => target.includes(what) || body.includes(what));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answerTo({ method, target, headers, body }: Omit<Tapped, 'status'>): Promise<Answer> {
    if (this.refusals > 0) {
      this.refusals -= 1;
      return { status: 503, answered: {}, text: '' };
    }
    const { authorization = this.authorization, 'content-type': contentType = '' } = headers;
    const answer = await httpRequest(this.ingressUrl, {
      method,
      target,
      headers: { authorization, ...(contentType && { 'content-type': contentType }) },
      ...(body !== '' && { body }),
    });
    const answeredType = answer.headers['content-type'];
    const answered: Record<string, string> =
      typeof answeredType === 'string' ? { 'content-type': answeredType } : {};
    return { status: answer.status, answered, text: answer.text };
  }
}
