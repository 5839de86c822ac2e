import type { Bundle, Communication, Resource } from '@medplum/fhirtypes';

export const eventId = 'https://matrix.org/event-id';

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** Plain HTTP calls to a server under test; nothing in it knows how the server is made. */
export class TestClient {
  constructor(readonly baseUrl: string) {}

  /** @param path below the base URL, or absolute; a string as body is sent as it is */
  async call<T = Resource>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(path.startsWith('http') ? path : `${this.baseUrl}/${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/fhir+json' }), ...headers },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text ? JSON.parse(text) : undefined) as T,
    };
  }

  /** Creates a resource, or fails the test. */
  async create(resource: Resource): Promise<Resource & { id: string; meta: { lastUpdated: string } }> {
    const { status, body } = await this.call('POST', resource.resourceType, resource);
    if (status !== 201) throw new Error(`POST ${resource.resourceType} was answered with ${status}`);
    return body as Resource & { id: string; meta: { lastUpdated: string } };
  }

  /** The Bundle at the path and those its `next` links lead to. */
  async pages(path: string): Promise<Bundle[]> {
    const pages: Bundle[] = [];
    for (let next: string | undefined = path; next !== undefined;) {
      const page: Answer<Bundle> = await this.call<Bundle>('GET', next);
      if (page.status !== 200) throw new Error(`A page was answered with ${page.status}`);
      pages.push(page.body);
      next = nextLink(page.body);
    }
    return pages;
  }
}

export function communication(event: string, more: Partial<Communication> = {}): Communication {
  return {
    resourceType: 'Communication',
    status: 'completed',
    identifier: [{ system: eventId, value: event }],
    ...more,
  };
}

export function idsOf(bundle: Bundle): (string | undefined)[] {
  return (bundle.entry ?? []).map((entry) => entry.resource?.id);
}

export function nextLink(bundle: Bundle): string | undefined {
  return bundle.link?.find((link) => link.relation === 'next')?.url;
}
