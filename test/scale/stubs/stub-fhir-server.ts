import { randomUUID } from 'node:crypto';
import type { NumbersSeen } from './numbers-seen';
import type { StubAnswer, StubRequest } from './stub';

interface Written {
  readonly resourceType: string;
  readonly id?: string;
  readonly payload?: readonly { readonly contentString?: string }[];
}

/** A FHIR server that takes conditional creates and updates, finds nothing, and has every Communication it is asked for. */
export class StubFhirServer {
  private readonly created = new Map<string, string>();

  answer(request: StubRequest, numbers: NumbersSeen): StubAnswer {
    const [, type = '', id] = new URL(request.path, 'http://fhir').pathname.split('/').slice(1);
    switch (request.method) {
      case 'POST':
        return this.create(type, request, numbers);
      case 'PUT':
        return { status: 200, headers: { etag: 'W/"2"' } };
      default:
        return id === undefined ? searched(type) : { status: 200, body: communication(id) };
    }
  }

  private create(type: string, { headers, body }: StubRequest, numbers: NumbersSeen): StubAnswer {
    const condition = `${type}?${String(headers['if-none-exist'])}`;
    const existing = this.created.get(condition);
    const id = existing ?? randomUUID();
    // Of AuditEvents there are two for each message; nobody asks for one again.
    if (type === 'Communication') {
      this.created.set(condition, id);
      numbers.note((body as Written).payload?.[0]?.contentString ?? '', existing !== undefined);
    }
    const location = `/fhir/${type}/${id}/_history/1`;
    return { status: existing === undefined ? 201 : 200, headers: { location, etag: 'W/"1"' } };
  }
}

function searched(type: string): StubAnswer {
  if (type === 'metadata') return { status: 200, body: { resourceType: 'CapabilityStatement' } };
  return { status: 200, body: { resourceType: 'Bundle', type: 'searchset' } };
}

function communication(id: string): object {
  return { resourceType: 'Communication', id, meta: { versionId: '1' }, status: 'completed' };
}
