import type { Readable } from 'node:stream';
import { Injectable, OnApplicationShutdown } from '@nestjs/common';
import { BridgeError, UserId } from '@bridge/contracts';
import { annotateSpan, Config, inSpan, Metrics, type SpanDescription } from '@bridge/platform';
// By its files: the package as a whole loads Express, its own storage and its encryption, 38 MB in each process.
import { doHttpRequest } from 'matrix-bot-sdk/lib/http';
import { LogLevel, LogService } from 'matrix-bot-sdk/lib/logging/LogService';
import { setRequestFn } from 'matrix-bot-sdk/lib/request';
import { Agent, type Dispatcher, request } from 'undici';
import { type HttpFailure, matrixFailure } from './matrix-failure';
import { RateLimitGate } from './rate-limit-gate';
import { routeTemplate } from './route-template';
import { undiciRequest } from './undici-request';

export interface Call {
  /** What is being done, in words that name no person: for errors. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object | Buffer;
  /** Of a body that is bytes. */
  readonly contentType?: string;
  readonly query?: Record<string, string | readonly string[]>;
  /** Masquerade as this ghost; not given: the bot. */
  readonly as?: UserId;
  /** Milliseconds; not given: the configured limit. */
  readonly timeoutMs?: number;
}

/** A call whose request or answer is a stream of bytes. */
export interface StreamCall extends Omit<Call, 'body'> {
  readonly headers?: Record<string, string>;
  /** Its own failures are the call's failures, as they are. */
  readonly body?: Readable;
}

/** An answer whose bytes are still to be read, to their end, or to be destroyed. */
type OpenAnswer = Pick<Dispatcher.ResponseData, 'headers' | 'body'>;

/** The client-server API of our homeserver, called as application service. */
@Injectable()
export class Homeserver implements OnApplicationShutdown {
  private readonly agent: Agent;
  private readonly url: string;
  private readonly gate = new RateLimitGate();
  private readonly calls;

  constructor(
    private readonly config: Config['homeserver'],
    metrics = new Metrics(),
  ) {
    this.calls = metrics.counter('bridge_homeserver_calls_total', 'Calls to the homeserver, by what for.', [
      'operation',
    ]);
    // Answers that are too slow end the call; connecting has its own, short limit, so that "away" is known soon.
    this.agent = new Agent({ connections: 32, connect: { timeout: 5_000 } });
    setRequestFn(undiciRequest(this.agent) as Parameters<typeof setRequestFn>[0]);
    // The SDK logs whole requests, with people in them; every failure is reported through matrixFailure instead.
    LogService.setLevel(LogLevel.ERROR);
    LogService.setLogger({ trace() {}, debug() {}, info() {}, warn() {}, error() {} });
    this.url = config.url.replace(/\/$/, '');
  }

  /**
   * One call. The shape of the answer is the caller's claim, by the Matrix specification.
   * @throws TransientError when the homeserver is away or busy, or has asked for patience; MatrixRefusal when it said no
   */
  async call<T>(call: Call): Promise<T> {
    return inSpan(
      () => spanOf(call),
      () => this.attempt<T>(call),
    );
  }

  /**
   * One call that keeps nothing in memory. Whoever makes it reads the body of the answer to its end, or destroys it.
   * @throws as {@link call} does
   */
  async stream(call: StreamCall): Promise<OpenAnswer> {
    return inSpan(
      () => spanOf(call),
      () => this.open(call),
    );
  }

  /**
   * Asks the homeserver to call our `/ping`. It then also retries a held-back transaction at once,
   * instead of after up to 512 seconds (Synapse 1.132 and later).
   */
  async pingAppservice(appserviceId: string): Promise<{ durationMs: number }> {
    const { duration_ms: durationMs } = await this.call<{ duration_ms: number }>({
      operation: 'ping the application service',
      method: 'POST',
      path: `/_matrix/client/v1/appservice/${encodeURIComponent(appserviceId)}/ping`,
      timeoutMs: 15_000,
    });
    return { durationMs };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.close();
  }

  private async attempt<T>(call: Call): Promise<T> {
    const { operation, method, path, body, contentType, query, as, timeoutMs } = call;
    this.gate.pass(operation);
    this.calls.inc({ operation });
    const parameters = { ...query, ...(as ? { user_id: as } : {}) };
    try {
      return (await doHttpRequest(
        this.url,
        method,
        path,
        parameters,
        body ?? (method === 'GET' ? null : {}),
        { authorization: `Bearer ${this.config.asToken}` },
        timeoutMs ?? this.config.requestTimeoutMs,
        false,
        contentType,
      )) as T;
    } catch (failure) {
      this.gate.note(failure);
      throw matrixFailure(failure, operation);
    }
  }

  private async open(call: StreamCall): Promise<OpenAnswer> {
    const { operation, method, path, query, as, headers, body, timeoutMs } = call;
    this.gate.pass(operation);
    this.calls.inc({ operation });
    const url = new URL(`${this.url}${path}`);
    for (const [name, value] of Object.entries({ ...query, ...(as ? { user_id: as } : {}) }))
      url.searchParams.set(name, value);
    const silenceMs = timeoutMs ?? this.config.requestTimeoutMs;
    try {
      const answer = await request(url, {
        dispatcher: this.agent,
        method,
        headers: { authorization: `Bearer ${this.config.asToken}`, ...headers },
        body,
        headersTimeout: silenceMs,
        bodyTimeout: silenceMs,
      });
      annotateSpan({ 'http.response.status_code': answer.statusCode });
      if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
      const refusal = await readFailure(answer);
      this.gate.note(refusal);
      throw matrixFailure(refusal, operation);
    } catch (failure) {
      throw failure instanceof BridgeError ? failure : matrixFailure(failure, operation);
    }
  }
}

function spanOf({ method, path }: Pick<Call, 'method' | 'path'>): SpanDescription {
  const route = routeTemplate(path);
  const attributes = { 'http.request.method': method, 'url.template': route, 'peer.service': 'homeserver' };
  return { name: `${method} ${route}`, kind: 'client', attributes };
}

async function readFailure({ statusCode, body }: Dispatcher.ResponseData): Promise<HttpFailure> {
  const text = await body.text();
  try {
    const { errcode, retry_after_ms: retryAfterMs } = JSON.parse(text) as Record<string, unknown>;
    return {
      statusCode,
      ...(typeof errcode === 'string' ? { errcode } : {}),
      ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    };
  } catch {
    // A proxy's page, or nothing.
    return { statusCode };
  }
}
