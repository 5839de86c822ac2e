import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';

export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface PlainCall {
  readonly method: string;
  /** Sent as it is: nothing is made tidy on its way. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: object;
}

/** Calls to what listens at a port of this machine with TLS, on connections that are kept. */
export class PlainCaller {
  private readonly agent: Agent;

  constructor(authorityPem: string) {
    this.agent = new Agent({ keepAlive: true, ca: authorityPem });
  }

  /** @param url where it listens, without a path */
  async call(url: string, { method, path, headers = {}, content }: PlainCall): Promise<PlainAnswer> {
    const body = content && JSON.stringify(content);
    const { hostname, port } = new URL(url);
    const request = httpsRequest({
      agent: this.agent,
      host: hostname,
      port,
      method,
      path,
      headers: {
        ...headers,
        ...(body && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    return {
      status: response.statusCode!,
      headers: response.headers,
      text: Buffer.concat(chunks).toString(),
    };
  }

  close(): void {
    this.agent.destroy();
  }
}

/** What of an answer says why: of the standard form of Matrix. */
export function errcodeOf({ text }: PlainAnswer): unknown {
  try {
    return (JSON.parse(text) as { errcode?: unknown }).errcode;
  } catch {
    return undefined;
  }
}
