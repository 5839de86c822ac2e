import type { Readable } from 'node:stream';
import { Injectable, OnApplicationShutdown } from '@nestjs/common';
import { BridgeError, FhirRef } from '@bridge/contracts';
import { Config } from '@bridge/platform';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { Agent, type Dispatcher, request } from 'undici';
import { FhirConflict, fhirFailure, unreachable } from './fhir-failure';

interface Exchange {
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers?: Record<string, string>;
  readonly body?: Resource;
}

/** After so many conflicts in a row the message waits: the queue brings it again. */
const conflictTries = 5;

/** An exchange whose request or answer is a stream of bytes. */
export interface StreamExchange {
  readonly operation: string;
  readonly method: 'GET' | 'POST';
  /** Relative to the base URL, or absolute. */
  readonly url: string;
  readonly headers: Record<string, string>;
  /** Its own failures are the exchange's failures, as they are. */
  readonly body?: Readable;
}

/** The organisation's FHIR server (R4 REST API). */
@Injectable()
export class FhirClient implements OnApplicationShutdown {
  private readonly agent = new Agent({ connections: 32, connect: { timeout: 5_000 } });
  private readonly base: URL;

  constructor(private readonly config: Config['fhir']) {
    this.base = new URL(config.baseUrl.endsWith('/') ? config.baseUrl : `${config.baseUrl}/`);
  }

  /** @returns the resource, or undefined when the server does not have it (any more) */
  async read<T extends Resource>(ref: FhirRef): Promise<T | undefined> {
    const { status, body } = await this.exchange(
      { operation: 'read a resource', method: 'GET', url: this.url(ref) },
      [404, 410],
    );
    return status === 200 ? (body as T) : undefined;
  }

  /**
   * Searches, page by page, as the server gives them.
   * `no-cache`, because some servers answer a search from a minute-old result otherwise (HAPI).
   */
  async *search<T extends Resource>(
    resourceType: T['resourceType'],
    parameters: Record<string, string>,
  ): AsyncGenerator<T[]> {
    const first = this.url(resourceType);
    for (const [name, value] of Object.entries(parameters)) first.searchParams.set(name, value);
    for (let url: URL | undefined = first; url;) {
      const { body } = await this.exchange({
        operation: 'search',
        method: 'GET',
        url,
        headers: { 'cache-control': 'no-cache' },
      });
      const bundle = body as Bundle<T>;
      const found = (bundle.entry ?? []).flatMap(({ resource, search }) =>
        resource && search?.mode !== 'outcome' ? [resource] : [],
      );
      yield found;
      const next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
      url = next ? this.within(next) : undefined;
    }
  }

  /**
   * Creates the resource unless one matches (FHIR R4, conditional create).
   * @param query search parameters that only this resource matches, percent-encoded
   * @returns the reference and version of the created or the existing one
   */
  async createOnce(resource: Resource, query: string): Promise<{ ref: FhirRef; versionId: string }> {
    const exchange: Exchange = {
      operation: 'create a resource',
      method: 'POST',
      url: this.url(resource.resourceType),
      headers: { 'if-none-exist': query, prefer: 'return=minimal' },
      body: resource,
    };
    const { headers, body } = await this.exchange(exchange);
    const located = /([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]+))?$/.exec(
      headers.location ?? '',
    );
    const stored = body as Resource | undefined;
    const ref = located?.[1] ?? (stored?.id ? `${resource.resourceType}/${stored.id}` : undefined);
    if (!ref) throw fhirFailure(500, undefined, undefined, 'say where the created resource is');
    return { ref: FhirRef.parse(ref), versionId: located?.[2] ?? stored?.meta?.versionId ?? '' };
  }

  /**
   * Replaces a resource, if nobody changed it since it was read.
   * @throws FhirConflict when somebody did
   */
  async update(resource: Resource): Promise<void> {
    await this.exchange({
      operation: 'update a resource',
      method: 'PUT',
      url: this.url(`${resource.resourceType}/${resource.id}`),
      headers: { 'if-match': `W/"${resource.meta?.versionId ?? ''}"` },
      body: resource,
    });
  }

  /**
   * Reads a resource, changes it and writes it; when somebody else changed it in between: again, a few times.
   * @param change the resource as it should be, or undefined when it is so already
   * @returns whether it was written
   * @throws FhirConflict when somebody else was faster each time
   */
  async change<T extends Resource>(ref: FhirRef, change: (current: T) => T | undefined): Promise<boolean> {
    for (let triesLeft = conflictTries; ; triesLeft--) {
      const current = await this.read<T>(ref);
      const changed = current && change(current);
      if (!changed) return false;
      try {
        await this.update(changed);
        return true;
      } catch (error) {
        if (!(error instanceof FhirConflict) || triesLeft === 1) throw error;
      }
    }
  }

  /**
   * One exchange that keeps nothing in memory. Whoever makes it reads the body of the answer to its end, or destroys it.
   * @returns undefined when the URL does not lie below the base URL: the token is for nobody else
   * @throws TransientError when the server is away or busy, FhirRefusal when it said no
   */
  async stream(
    exchange: StreamExchange,
  ): Promise<Pick<Dispatcher.ResponseData, 'headers' | 'body'> | undefined> {
    const { operation, method, headers, body } = exchange;
    const url = this.below(exchange.url);
    if (!url) return undefined;
    try {
      const answer = await request(url, {
        dispatcher: this.agent,
        method,
        headers: { ...this.authorization(), ...headers },
        body,
        headersTimeout: this.config.requestTimeoutMs,
        bodyTimeout: this.config.requestTimeoutMs,
      });
      const { statusCode: status } = answer;
      if (status >= 200 && status < 300) return answer;
      const outcome = parse(await answer.body.text());
      throw fhirFailure(status, outcome, first(answer.headers['retry-after']), operation);
    } catch (failure) {
      throw failure instanceof BridgeError ? failure : unreachable(operation, failure);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.close();
  }

  private url(relative: string): URL {
    return new URL(relative, this.base);
  }

  /** The resource that a URL names on this server; undefined for every other URL. */
  refAt(url: string): FhirRef | undefined {
    const path = this.below(url)?.href.slice(this.base.href.length) ?? '';
    const [, ref] =
      /^([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]+)?$/.exec(path) ?? [];
    return ref === undefined ? undefined : FhirRef.parse(ref);
  }

  private below(relative: string): URL | undefined {
    const url = URL.canParse(relative, this.base.href) ? this.url(relative) : undefined;
    return url?.href.startsWith(this.base.href) ? url : undefined;
  }

  private authorization(): Record<string, string> {
    const { bearerToken } = this.config;
    return bearerToken ? { authorization: `Bearer ${bearerToken}` } : {};
  }

  /** A page link may name the server as others see it; the bridge only ever talks to the configured one. */
  private within(link: string): URL {
    const url = new URL(link, this.base);
    url.protocol = this.base.protocol;
    url.host = this.base.host;
    return url;
  }

  private async exchange(exchange: Exchange, allowed: readonly number[] = []) {
    const { operation, method, url, headers, body: resource } = exchange;
    const answer = await request(url, {
      dispatcher: this.agent,
      method,
      headers: {
        accept: 'application/fhir+json',
        ...(resource ? { 'content-type': 'application/fhir+json' } : {}),
        ...this.authorization(),
        ...headers,
      },
      body: resource ? JSON.stringify(resource) : undefined,
      headersTimeout: this.config.requestTimeoutMs,
      bodyTimeout: this.config.requestTimeoutMs,
    }).catch((error: unknown) => {
      throw unreachable(operation, error);
    });
    const text = await answer.body.text().catch((error: unknown) => {
      throw unreachable(operation, error);
    });
    const body = parse(text);
    const status = answer.statusCode;
    const success = status >= 200 && status < 300;
    if (!success && !allowed.includes(status)) {
      throw fhirFailure(status, body, first(answer.headers['retry-after']), operation);
    }
    if (success && text && body === undefined)
      throw fhirFailure(502, undefined, undefined, `${operation} (the answer is no JSON)`);
    return { status, headers: { location: first(answer.headers.location) }, body };
  }
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
