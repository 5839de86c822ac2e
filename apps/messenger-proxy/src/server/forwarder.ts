import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LookupFunction } from 'node:net';
import { type Dispatcher, Pool, errors } from 'undici';
import { readAtMost } from '../requests/read-at-most';
import { Refusal } from '../requests/refusal';
import { passedOn } from './passed-on';
import { StreamedAnswer } from './streamed-answer';

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
  forward(request: IncomingMessage, response: ServerResponse, forwarded: Forwarded): Promise<void> {
    return new Promise((resolve, reject) => {
      const answer = new StreamedAnswer(response, (error) => {
        if (error === undefined) resolve();
        else if (!response.headersSent) reject(unreachable(error));
        else {
          response.destroy();
          resolve();
        }
      });
      this.pool.dispatch(callFor(request, forwarded), answer);
    });
  }

  /** The answer to a request, read whole. @throws Refusal 502 or 504 */
  async fetch(request: IncomingMessage, forwarded: Forwarded): Promise<WholeAnswer> {
    try {
      const call = callFor(request, forwarded);
      // What is read here is changed here, and not unpacked before.
      const asked = { ...call, headers: { ...call.headers, 'accept-encoding': 'identity' } };
      const { statusCode, headers, body } = await this.pool.request(asked);
      const kept = passedOn(headers);
      delete kept['content-length'];
      return { status: statusCode, headers: kept, body: await readAtMost(body, MAX_WHOLE_BYTES) };
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

  /** Requests that wait, since as many are under way as there may be connections. */
  waiting(): number {
    return this.pool.stats.queued;
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

/** A request as it is sent on. */
function callFor(request: IncomingMessage, { target, headers, body }: Forwarded) {
  const kept = passedOn(request.headers);
  if (body) kept['content-length'] = String(body.length);
  return {
    method: request.method as Dispatcher.HttpMethod,
    path: target,
    headers: headers ? { ...kept, ...headers } : kept,
    body: body ?? (hasBody(request) ? request : null),
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function unreachable(error: unknown): Refusal {
  const late = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
  return late
    ? new Refusal(504, 'M_UNKNOWN', 'The server did not answer in time.', 'upstream')
    : new Refusal(502, 'M_UNKNOWN', 'The server does not answer.', 'upstream');
}
