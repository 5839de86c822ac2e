import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { BridgeError } from '@bridge/contracts';
import {
  annotateSpan,
  type Config,
  failSpan,
  firstValue,
  inSpan,
  Metrics,
  type Readiness,
  type SpanDescription,
} from '@bridge/platform';
import { Agent, type Dispatcher, request } from 'undici';
import type { Authorization } from './access/authorization';
import { authorizationOf } from './access/authorization-of';
import { ClientKeys } from './access/client-keys';
import { fhirFailure, FhirUnavailable, nonsense, unreachable } from './fhir-failure';
import { routeTemplate } from './route-template';
import { type CircuitTiming, ServerCircuit } from './server-circuit';
import { connectOptions } from './tls-options';

/** One request. It names what it is for in words that name no person. */
export interface FhirRequest {
  readonly operation: string;
  readonly method: Dispatcher.HttpMethod;
  readonly url: URL;
  readonly headers?: Record<string, string>;
  /** JSON as text, or bytes. The own failures of a stream are the request's failures, as they are. */
  readonly body?: string | Readable;
}

export type Headers = Dispatcher.ResponseData['headers'];

/** An answer that has been read. */
export interface FhirAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined where the body was empty. */
  readonly body: unknown;
}

/** An answer whose bytes are still to be read, to their end, or to be destroyed. */
export type OpenAnswer = Pick<Dispatcher.ResponseData, 'headers' | 'body'>;

export interface TransportParts {
  readonly keys?: ClientKeys;
  readonly metrics?: Metrics;
  readonly readiness?: Readiness;
  readonly circuit?: CircuitTiming;
}

interface Received extends OpenAnswer {
  readonly status: number;
  readonly text: string;
}

const unzipped = promisify(gunzip);
/** Of a zipped answer: a page of resources is some megabytes. */
const largestAnswerBytes = 256 * 2 ** 20;

/**
 * The connection to the FHIR server, for all callers of a process: TLS, who we are, and whether it is there at all.
 * A token that is refused is replaced once; a server that is away is left alone for a while.
 */
export class FhirTransport {
  private readonly agent: Agent;
  private readonly authorization: Authorization;
  private readonly circuit: ServerCircuit;

  constructor(
    private readonly config: Config['fhir'],
    { keys = new ClientKeys(config), metrics = new Metrics(), readiness, circuit }: TransportParts = {},
  ) {
    this.agent = new Agent({ connections: 32, connect: connectOptions(config) });
    this.authorization = authorizationOf(config, { keys, dispatcher: this.agent, metrics, readiness });
    const isAway = (failure: Error) => failure instanceof FhirUnavailable;
    this.circuit = new ServerCircuit('fhir', isAway, { metrics, readiness }, circuit);
  }

  /**
   * A request for FHIR resources.
   * @param accepted statuses that are answers, though no success
   * @throws TransientError when the server is away or busy, FhirConflict, FhirRefusal when it said no
   */
  async exchange(fhirRequest: FhirRequest, accepted: readonly number[] = []): Promise<FhirAnswer> {
    const { operation, body: content } = fhirRequest;
    const headers = {
      accept: 'application/fhir+json',
      'accept-encoding': 'gzip',
      ...(content === undefined ? {} : { 'content-type': 'application/fhir+json' }),
      ...fhirRequest.headers,
    };
    const answer = await this.send({ ...fhirRequest, headers }, (received) => whole(received, operation));
    const { status, text } = answer;
    const body = parse(text);
    if (!isSuccess(status) && !accepted.includes(status)) throw this.failure(answer, operation);
    if (isSuccess(status) && text && body === undefined) throw nonsense(operation, 'JSON');
    return { status, headers: answer.headers, body };
  }

  /**
   * A request whose answer is bytes, of which nothing is kept in memory.
   * @throws as {@link exchange} does
   */
  async open(fhirRequest: FhirRequest): Promise<OpenAnswer> {
    const { operation, body } = fhirRequest;
    const sending = this.send(fhirRequest, async (received) =>
      isSuccess(received.statusCode)
        ? { status: received.statusCode, text: '', headers: received.headers, body: received.body }
        : whole(received, operation),
    );
    const answer = await sending.catch((failure: unknown) => {
      // Perhaps nothing of it was sent, and whoever gives these bytes waits for a reader.
      if (typeof body === 'object') body.on('error', () => undefined).destroy();
      throw failure;
    });
    if (!isSuccess(answer.status)) throw this.failure(answer, operation);
    return answer;
  }

  /** Ends when the requests under way have ended. */
  async close(): Promise<void> {
    await this.agent.close();
  }

  private failure({ status, text, headers }: Received, operation: string): BridgeError {
    return fhirFailure(status, parse(text), firstValue(headers, 'retry-after'), operation);
  }

  private async send(
    fhirRequest: FhirRequest,
    read: (answer: Dispatcher.ResponseData) => Promise<Received>,
  ): Promise<Received> {
    const header = await this.authorization.header();
    const answer = await this.attempt(fhirRequest, header, read);
    if (answer.status !== 401 || !this.authorization.refused(header)) return answer;
    // A stream that has been sent cannot be sent again; the next try of the message has the fresh token.
    if (typeof fhirRequest.body === 'object') return answer;
    return this.attempt(fhirRequest, await this.authorization.header(), read);
  }

  private attempt(
    fhirRequest: FhirRequest,
    authorization: string | undefined,
    read: (answer: Dispatcher.ResponseData) => Promise<Received>,
  ): Promise<Received> {
    return this.circuit.call(fhirRequest.operation, () =>
      inSpan(
        () => this.spanOf(fhirRequest),
        () => this.ask(fhirRequest, authorization, read),
      ),
    );
  }

  private async ask(
    { operation, method, url, headers, body }: FhirRequest,
    authorization: string | undefined,
    read: (answer: Dispatcher.ResponseData) => Promise<Received>,
  ): Promise<Received> {
    const { requestTimeoutMs, headers: configured } = this.config;
    try {
      const received = await request(url, {
        dispatcher: this.agent,
        method,
        headers: { ...configured, ...(authorization ? { authorization } : {}), ...headers },
        body,
        headersTimeout: requestTimeoutMs,
        bodyTimeout: requestTimeoutMs,
      });
      annotateSpan({ 'http.response.status_code': received.statusCode });
      if (received.statusCode >= 400) failSpan(String(received.statusCode));
      const answer = await read(received);
      const failure = isSuccess(answer.status) ? undefined : this.failure(answer, operation);
      // Thrown here, where it counts; what else an answer means is not the connection's affair.
      if (failure instanceof FhirUnavailable) throw failure;
      return answer;
    } catch (failure) {
      throw failure instanceof BridgeError ? failure : unreachable(operation, failure);
    }
  }

  private spanOf({ method, url }: FhirRequest): SpanDescription {
    const route = routeTemplate(url, this.config.baseUrl);
    const attributes = {
      'http.request.method': method,
      'url.template': route,
      'peer.service': 'fhir-server',
    };
    return { name: `${method} ${route}`, kind: 'client', attributes };
  }
}

async function whole(answer: Dispatcher.ResponseData, operation: string): Promise<Received> {
  const { statusCode: status, headers, body } = answer;
  const bytes = Buffer.from(await body.arrayBuffer());
  const isZipped = /^(x-)?gzip$/i.test(firstValue(headers, 'content-encoding') ?? '');
  if (!isZipped) return { status, headers, body, text: bytes.toString('utf8') };
  const plain = await unzipped(bytes, { maxOutputLength: largestAnswerBytes }).catch(() => {
    throw nonsense(operation, 'gzip of a usual size, though it says so');
  });
  return { status, headers, body, text: plain.toString('utf8') };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
