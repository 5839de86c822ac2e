import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import type { SecureContextOptions } from 'node:tls';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON. */
  json(): unknown;
}

export interface HttpCall {
  readonly method: string;
  /** The request target as it goes over the wire; nothing in it is normalised. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** For https: whom to believe, and the client's own certificate. */
  readonly tls?: SecureContextOptions;
}

/** One HTTP request exactly as given: `fetch` would mend the target and the headers that a hostile sender leaves broken. */
export function httpRequest(
  baseUrl: string,
  { method, target, headers = {}, body, tls = {} }: HttpCall,
): Promise<HttpAnswer> {
  const { protocol, hostname, port } = new URL(baseUrl);
  const request = protocol === 'https:' ? overHttps : overHttp;
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path: target, headers, ...tls }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: () => JSON.parse(text) as unknown,
        });
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
