import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { LookupFunction } from 'node:net';
import { Pool, errors } from 'undici';
import { Refusal } from '../requests/refusal';

/** Of one connection only (RFC 9110, 7.6.1); the rest is passed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
]);

/** Longer than the longest poll of a client. */
const ANSWER_TIMEOUT_MS = 300_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** What is sent instead of what came, where it is another one. */
export interface Forwarded {
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** An answer that was read whole; its headers without those of the connection and of the length. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** An answer to a call of our own. */
export interface OwnAnswer {
  readonly status: number;
  readonly body: Buffer;
}

const MAX_WHOLE_BYTES = 10 * 1024 * 1024;

/** How a server proves who it is, and how it is found. */
export interface UpstreamTls {
  readonly ca?: string;
  readonly servername: string;
  readonly lookup: LookupFunction;
}

/** Passes requests on to one server, bodies as a stream in both directions: none is held in memory. */
export class Forwarder {
  private readonly pool: Pool;

  /** @param connections how many at once: one for each long poll of a client, and more */
  constructor(origin: string, connections: number, tls?: UpstreamTls) {
    this.pool = new Pool(origin, {
      connections,
      pipelining: 1,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
      connect: { timeout: CONNECT_TIMEOUT_MS, ...tls },
    });
  }

  /**
   * Sends a request on, and its answer back as it comes.
   * @throws Refusal 502 or 504 where nothing was answered yet; once an answer has begun, its connection is broken off
   */
  async forward(request: IncomingMessage, response: ServerResponse, forwarded: Forwarded): Promise<void> {
    const left = new AbortController();
    response.once('close', () => left.abort());
    try {
      await this.pool.stream(
        {
          method: request.method as 'GET',
          path: forwarded.target,
          headers: this.headersFor(request, forwarded),
          body: forwarded.body ?? (hasBody(request) ? request : null),
          signal: left.signal,
        },
        ({ statusCode, headers }) => {
          response.writeHead(statusCode, passedOn(headers));
          return response;
        },
      );
    } catch (error) {
      if (left.signal.aborted) return;
      if (response.headersSent) response.destroy();
      else throw unreachable(error);
    }
  }

  /** The answer to a request, read whole. @throws Refusal 502 or 504 */
  async fetch(request: IncomingMessage, forwarded: Forwarded): Promise<WholeAnswer> {
    try {
      const { statusCode, headers, body } = await this.pool.request({
        method: request.method as 'GET',
        path: forwarded.target,
        // What is read here is changed here, and not unpacked before.
        headers: { ...this.headersFor(request, forwarded), 'accept-encoding': 'identity' },
        body: forwarded.body ?? (hasBody(request) ? request : null),
      });
      const bytes = Buffer.from(await body.arrayBuffer());
      if (bytes.length > MAX_WHOLE_BYTES) throw new Error('too large');
      const kept = passedOn(headers);
      delete kept['content-length'];
      return { status: statusCode, headers: kept, body: bytes };
    } catch (error) {
      throw unreachable(error);
    }
  }

  /** A GET of our own. @throws Refusal 502 or 504 */
  get(path: string, authorization?: string): Promise<OwnAnswer> {
    return this.own({ method: 'GET', path, headers: authorization === undefined ? {} : { authorization } });
  }

  /** A POST of our own. @throws Refusal 502 or 504 */
  post(path: string, content: object): Promise<OwnAnswer> {
    const headers = { 'content-type': 'application/json' };
    return this.own({ method: 'POST', path, headers, body: JSON.stringify(content) });
  }

  /** A DELETE of our own. @throws Refusal 502 or 504 */
  delete(path: string, content: object, authorization: string): Promise<OwnAnswer> {
    const headers = { 'content-type': 'application/json', authorization };
    return this.own({ method: 'DELETE', path, headers, body: JSON.stringify(content) });
  }

  private async own(request: {
    method: 'GET' | 'POST' | 'DELETE';
    path: string;
    headers: Record<string, string>;
    body?: string;
  }): Promise<OwnAnswer> {
    try {
      const { statusCode, body } = await this.pool.request(request);
      return { status: statusCode, body: Buffer.from(await body.arrayBuffer()) };
    } catch (error) {
      throw unreachable(error);
    }
  }

  private headersFor(
    request: IncomingMessage,
    { headers, body }: Forwarded,
  ): Record<string, string | string[]> {
    return {
      ...passedOn(request.headers),
      ...(body && { 'content-length': String(body.length) }),
      ...headers,
    };
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Without what is meant for one connection: also what `Connection` itself names. */
export function passedOn(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = new Set(
    String(headers.connection ?? '')
      .toLowerCase()
      .split(/\s*,\s*/),
  );
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name) && !named.has(name)) kept[name] = value;
  }
  return kept;
}

function unreachable(error: unknown): Refusal {
  const late = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
  return late
    ? new Refusal(504, 'M_UNKNOWN', 'The server did not answer in time.', 'upstream')
    : new Refusal(502, 'M_UNKNOWN', 'The server does not answer.', 'upstream');
}
