import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { Binary } from '@medplum/fhirtypes';
import type { BinaryStore } from './binary-store';
import type { FhirService, InteractionResult } from './fhir-service';
import { HttpProblem } from './http-problem';

/**
 * Binary as bytes (R4, binary.html, "Serving Binary Resources using the RESTful API"): whatever is posted that is no
 * FHIR, and whatever is read by somebody who does not ask for FHIR. Everything else about Binary is as with any resource.
 */
export class BinaryHttp {
  constructor(
    private readonly service: FhirService,
    private readonly store: BinaryStore,
  ) {}

  /** Whether the request is one for bytes. */
  concerns({ method, headers }: IncomingMessage, path: string): boolean {
    if (method === 'POST') return path === '/Binary' && !isFhir(headers['content-type']);
    return method === 'GET' && idIn(path) !== undefined;
  }

  /** Stores the body, byte by byte, under its Content-Type. */
  async create(request: IncomingMessage): Promise<InteractionResult> {
    const contentType = request.headers['content-type'];
    if (!contentType) throw new HttpProblem(400, 'required', 'A Binary needs a Content-Type');
    const received = await this.store.receive(request);
    const context = request.headers['x-security-context'];
    const result = await this.service.handle({
      method: 'POST',
      url: 'Binary',
      body: {
        resourceType: 'Binary',
        contentType,
        ...(typeof context === 'string' ? { securityContext: { reference: context } } : {}),
      },
    });
    await this.store.keep(received, result.resource?.id);
    return result;
  }

  /**
   * Answers with the bytes.
   * @returns what to answer instead: the resource with its data, to those who ask for FHIR, or why there is none
   */
  async read(
    request: IncomingMessage,
    path: string,
    response: ServerResponse,
  ): Promise<InteractionResult | undefined> {
    const id = idIn(path) ?? '';
    const result = await this.service.handle({ method: 'GET', url: `Binary/${id}` });
    const binary = result.resource as Binary | undefined;
    if (!binary) return result;
    const { bytes, length } = (await this.store.open(id)) ?? inline(binary);
    if (isFhir(request.headers.accept)) {
      return { ...result, resource: { ...binary, data: (await buffer(bytes)).toString('base64') } };
    }
    response.writeHead(200, { 'content-type': binary.contentType, 'content-length': length });
    await pipeline(bytes, response);
    return undefined;
  }
}

function idIn(path: string): string | undefined {
  return /^\/Binary\/([A-Za-z0-9\-.]{1,64})$/.exec(path)?.[1];
}

function isFhir(type: string | undefined): boolean {
  return /application\/(?:fhir\+json|json)/i.test(type ?? '');
}

function inline({ data = '' }: Binary): { bytes: Readable; length: number } {
  const bytes = Buffer.from(data, 'base64');
  return { bytes: Readable.from([bytes]), length: bytes.length };
}
