import type { Bundle, Resource } from '@medplum/fhirtypes';
import { HttpRefusal } from './http-refusal';

/** A FHIR server as a record system's user sees it; for the demo and the tests. */
export class FhirApi {
  constructor(readonly baseUrl: string) {}

  async create<T extends Resource>(
    resource: T,
    headers: Record<string, string> = {},
  ): Promise<T & { id: string }> {
    return (await this.request('POST', resource.resourceType, resource, headers)) as T & { id: string };
  }

  async update<T extends Resource>(resource: T): Promise<T> {
    return (await this.request('PUT', `${resource.resourceType}/${resource.id}`, resource)) as T;
  }

  async read<T extends Resource>(type: T['resourceType'], id: string): Promise<T> {
    return (await this.request('GET', `${type}/${id}`)) as T;
  }

  /** Stores a file. @returns its reference */
  async createBinary(bytes: Uint8Array, contentType: string): Promise<string> {
    const response = await fetch(`${this.baseUrl}/Binary`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: Buffer.from(bytes),
    });
    if (!response.ok) throw new Error(`POST Binary: ${response.status}`);
    return `Binary/${((await response.json()) as Resource).id}`;
  }

  /** The bytes of a Binary. */
  async readBinary(reference: string): Promise<{ bytes: Buffer; contentType: string }> {
    const response = await fetch(`${this.baseUrl}/${reference}`);
    if (!response.ok) throw new Error(`GET ${reference}: ${response.status}`);
    const contentType = response.headers.get('content-type') ?? '';
    return { bytes: Buffer.from(await response.arrayBuffer()), contentType };
  }

  /** Every match, over all pages. */
  async search<T extends Resource>(
    type: T['resourceType'],
    parameters: Record<string, string>,
  ): Promise<T[]> {
    const found: T[] = [];
    let url: string | undefined =
      `${type}?${new URLSearchParams({ _count: '500', ...parameters }).toString()}`;
    while (url) {
      const bundle = (await this.request('GET', url)) as Bundle<T>;
      found.push(...(bundle.entry ?? []).flatMap(({ resource }) => (resource ? [resource] : [])));
      url = bundle.link?.find(({ relation }) => relation === 'next')?.url;
    }
    return found;
  }

  private async request(
    method: string,
    path: string,
    body?: Resource,
    headers: Record<string, string> = {},
  ): Promise<unknown> {
    const response = await fetch(new URL(path, `${this.baseUrl}/`), {
      method,
      // Some servers answer a search from an earlier result otherwise (HAPI: of up to a minute ago).
      headers: { 'content-type': 'application/fhir+json', 'cache-control': 'no-cache', ...headers },
      body: body ? JSON.stringify(body) : undefined,
    });
    const answer: unknown = await response.json();
    if (!response.ok)
      throw new HttpRefusal(
        `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`,
        response.status,
      );
    return answer;
  }
}
