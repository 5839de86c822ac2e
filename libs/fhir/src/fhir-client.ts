import type { Readable } from 'node:stream';
import { Injectable, OnApplicationShutdown } from '@nestjs/common';
import { FhirRef } from '@bridge/contracts';
import { Config } from '@bridge/platform';
import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';
import { FhirConflict, fhirFailure, nonsense } from './fhir-failure';
import { type FhirAnswer, FhirTransport, type OpenAnswer } from './fhir-transport';
import { storedAt, type StoredVersion, storedVersion, versionIdIn, versionOf } from './stored-version';
import { below } from './further-bases';

interface Exchange {
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Record<string, string>;
  readonly body?: Resource;
}

/** After so many conflicts in a row the message waits: the queue brings it again. */
const conflictTries = 5;

/**
 * Some servers answer a search from a minute-old result otherwise (HAPI), and a new resource is not in it.
 */
const fresh = { 'cache-control': 'no-cache' };

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

/** A Bundle whose entries take effect together or not at all (R4, http.html, "transaction"). */
export type Transaction = Bundle & { readonly type: 'transaction' };

/** A version that this process has written. */
export interface WrittenVersion extends StoredVersion {
  /** The version that it was made of: what else it says is from there. Undefined for a resource that is new. */
  readonly of?: string;
  readonly resource: Resource;
}

/** The organisation's FHIR server (R4 REST API). */
@Injectable()
export class FhirClient implements OnApplicationShutdown {
  private readonly base: URL;
  private checkWrite: (resource: Resource) => void = () => undefined;
  private tellWritten: (version: WrittenVersion) => void = () => undefined;

  constructor(
    config: Config['fhir'],
    private readonly transport: FhirTransport = new FhirTransport(config),
  ) {
    this.base = new URL(config.baseUrl.endsWith('/') ? config.baseUrl : `${config.baseUrl}/`);
  }

  /** @param check throws for a resource that must not be written; it is asked before every write */
  checkBeforeWrite(check: (resource: Resource) => void): void {
    this.checkWrite = check;
  }

  /**
   * @param tell hears of every version that `createOnce`, `update` and `change` are known to have made: a server that
   * does not say which it made, or dies before it says so, has made one that nobody hears of
   */
  tellWhatIsWritten(tell: (version: WrittenVersion) => void): void {
    this.tellWritten = tell;
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
   * One answer that is neither a search nor a read: a page of a history, an operation, the CapabilityStatement.
   * @param url relative to the base URL, or a page link of the server's
   * @throws FhirRefusal where the server has no such thing
   */
  async get<T extends Resource>(operation: string, url: string): Promise<T> {
    const { body } = await this.exchange({ operation, method: 'GET', url: this.within(url), headers: fresh });
    return body as T;
  }

  /** Deletes a resource; one that is gone already is no error. */
  async delete(ref: FhirRef): Promise<void> {
    await this.exchange({ operation: 'delete a resource', method: 'DELETE', url: this.url(ref) }, [404, 410]);
  }

  /** Searches, page by page, as the server gives them. */
  async *search<T extends Resource>(
    resourceType: T['resourceType'],
    parameters: Record<string, string>,
  ): AsyncGenerator<T[]> {
    const first = this.url(resourceType);
    for (const [name, value] of Object.entries(parameters)) first.searchParams.set(name, value);
    for (let url: URL | undefined = first; url;) {
      const bundle: Bundle<T> = await this.searchset<T>(url);
      yield found(bundle);
      const next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
      url = next ? this.within(next) : undefined;
    }
  }

  /**
   * Creates the resource unless one matches (FHIR R4, conditional create).
   * @param query search parameters that only this resource matches, percent-encoded
   * @returns the reference and version of the created or the existing one
   * @throws FhirConflict when somebody else creates it at the same time, and it cannot be found yet
   */
  async createOnce(resource: Resource, query: string): Promise<StoredVersion> {
    this.checkWrite(resource);
    const operation = 'create a resource';
    try {
      const { status, headers, body } = await this.exchange({
        operation,
        method: 'POST',
        url: this.url(resource.resourceType),
        headers: { 'if-none-exist': query, prefer: 'return=minimal' },
        body: resource,
      });
      const made = storedVersion(headers, body);
      // 200: it was there already.
      if (made?.versionId && status === 201) this.tellWritten({ ...made, resource });
      const stored = made ?? (await this.matching(resource.resourceType, query));
      if (stored) return stored;
    } catch (failure) {
      // 412: more than one matches, and it will be so the next time. 409 or 412: two creates at the same time (HAPI).
      const stored =
        failure instanceof FhirConflict ? await this.matching(resource.resourceType, query) : undefined;
      if (stored) return stored;
      throw failure;
    }
    throw fhirFailure(500, undefined, undefined, 'say where the created resource is');
  }

  /**
   * Replaces a resource, if nobody changed it since it was read.
   * @throws FhirConflict when somebody did
   */
  async update(resource: Resource): Promise<void> {
    this.checkWrite(resource);
    const ref = FhirRef.parse(`${resource.resourceType}/${resource.id}`);
    const of = resource.meta?.versionId ?? '';
    const { headers, body } = await this.exchange({
      operation: 'update a resource',
      method: 'PUT',
      url: this.url(ref),
      headers: { 'if-match': `W/"${of}"` },
      body: resource,
    });
    const { versionId } = storedVersion(headers, body) ?? { versionId: versionIdIn(headers, body) };
    if (versionId) this.tellWritten({ ref, versionId, of, resource });
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
   * Writes several resources, all or none. Idempotent only by what its entries say: `ifNoneExist`, `ifMatch`, or PUT.
   * Entries name each other by the `urn:uuid:` of their `fullUrl`.
   * @returns what each entry became, in their order; undefined where it became nothing, as of a DELETE
   * @throws FhirConflict, FhirRefusal or TransientError; then nothing was written
   */
  async transaction(bundle: Transaction): Promise<(StoredVersion | undefined)[]> {
    for (const { resource } of bundle.entry ?? []) if (resource) this.checkWrite(resource);
    const operation = 'write several resources together';
    const { body } = await this.exchange({
      operation,
      method: 'POST',
      // Without a slash at its end: to some servers that is another path.
      url: new URL(this.base.href.replace(/\/$/, '')),
      headers: { prefer: 'return=minimal' },
      body: bundle,
    });
    const { resourceType, entry: answers = [] } = (body ?? {}) as Bundle;
    if (resourceType !== 'Bundle' || answers.length !== (bundle.entry ?? []).length)
      throw nonsense(operation, 'Bundle with an answer to each entry');
    return answers.map((entry) => outcomeOf(entry, operation));
  }

  /**
   * One exchange that keeps nothing in memory. Whoever makes it reads the body of the answer to its end, or destroys it.
   * @returns undefined when the URL does not lie below the base URL: the token is for nobody else
   * @throws TransientError when the server is away or busy, FhirRefusal when it said no
   */
  async stream(exchange: StreamExchange): Promise<OpenAnswer | undefined> {
    const url = this.below(exchange.url);
    return url && this.transport.open({ ...exchange, url });
  }

  /** The resource that a URL names on this server; undefined for every other URL. */
  refAt(url: string): FhirRef | undefined {
    const path = this.below(url)?.href.slice(this.base.href.length) ?? '';
    const ref = storedAt(path)?.ref;
    return ref !== undefined && path.startsWith(ref) ? ref : undefined;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.transport.close();
  }

  private url(relative: string): URL {
    return new URL(relative, this.base);
  }

  private below(relative: string): URL | undefined {
    return below(this.base, relative);
  }

  /** A page link may name the server as others see it; the bridge only ever talks to the configured one. */
  private within(link: string): URL {
    const url = new URL(link, this.base);
    url.protocol = this.base.protocol;
    url.host = this.base.host;
    return url;
  }

  private exchange({ body, ...request }: Exchange, accepted: readonly number[] = []): Promise<FhirAnswer> {
    return this.transport.exchange({ ...request, body: body && JSON.stringify(body) }, accepted);
  }

  private async searchset<T extends Resource>(url: URL): Promise<Bundle<T>> {
    const operation = 'search';
    const { body } = await this.exchange({ operation, method: 'GET', url, headers: fresh });
    const bundle = body as Bundle<T> | undefined;
    // Anything else would look like "nothing has changed", and what has would be passed over.
    if (bundle?.resourceType !== 'Bundle') throw nonsense(operation, 'Bundle');
    return bundle;
  }

  /** The oldest match: of several every caller gets the same one. */
  private async matching(type: Resource['resourceType'], query: string): Promise<StoredVersion | undefined> {
    const url = this.url(`${type}?${query}`);
    url.searchParams.set('_sort', '_lastUpdated');
    url.searchParams.set('_count', '1');
    return found(await this.searchset(url)).map(versionOf)[0];
  }
}

/** The matches and what was included with them; not what a search says about itself. */
function found<T extends Resource>(bundle: Bundle<T>): T[] {
  return (bundle.entry ?? []).flatMap(({ resource, search }) =>
    resource && search?.mode !== 'outcome' ? [resource] : [],
  );
}

/** Servers that answer a failed transaction with 200 say in its entries what failed. */
function outcomeOf({ response, resource }: BundleEntry, operation: string): StoredVersion | undefined {
  const status = Number.parseInt(response?.status ?? '', 10);
  if (!(status >= 200 && status < 300))
    throw fhirFailure(Number.isNaN(status) ? 500 : status, response?.outcome, undefined, operation);
  return storedVersion({ location: response?.location, etag: response?.etag }, resource);
}
