import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Resource } from '@medplum/fhirtypes';
import type { BinaryHttp } from './binary-http';
import { isR4ResourceType } from './fhir-definitions';
import type { FhirService, InteractionResult } from './fhir-service';
import { HttpProblem } from './http-problem';
import { readBody } from './request-body';

const root = '/fhir';
const contentType = 'application/fhir+json; charset=utf-8';

/** Answers FHIR's RESTful API (R4, http.html) over HTTP, in JSON. */
export class FhirHttp {
  constructor(
    private readonly service: FhirService,
    private readonly binaries: BinaryHttp,
    private readonly baseUrl: string,
    /** When set, everything but `/metadata` wants it. */
    private readonly bearerToken?: string,
  ) {}

  /** Takes one HTTP exchange; never throws. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const result = await this.perform(request, response);
      if (result) this.send(request, response, result);
    } catch (error) {
      // Too late for another answer: a file broke off amid its bytes.
      if (response.headersSent) response.destroy();
      if (response.destroyed) return;
      const problem =
        error instanceof HttpProblem
          ? error
          : new HttpProblem(500, 'exception', 'The server failed, see its log');
      if (problem !== error) console.error(error);
      if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer');
      // What is left of the body is not read: the connection cannot be used again.
      if (!request.complete) response.setHeader('connection', 'close');
      response
        .writeHead(problem.status, { 'content-type': contentType })
        .end(JSON.stringify(problem.outcome));
    }
  }

  /** @returns undefined when the answer is given already */
  private async perform(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<InteractionResult | undefined> {
    const { method = 'GET', headers } = request;
    const target = request.url ?? '/';
    const path = target.split('?')[0] ?? '';
    if (path !== root && !path.startsWith(`${root}/`)) throw new HttpProblem(404, 'not-found', 'Not found');
    const [, first = ''] = path.slice(root.length).split('/');
    if (first !== 'metadata') this.requireToken(headers.authorization);
    const below = path.slice(root.length);
    if (this.binaries.concerns(request, below)) {
      return method === 'POST' ? this.binaries.create(request) : this.binaries.read(request, below, response);
    }
    requireJsonAccepted(target, headers.accept);
    if (!['', 'metadata', '_history'].includes(first) && !isR4ResourceType(first)) {
      throw new HttpProblem(404, 'not-found', 'Unknown resource type');
    }
    const body = await readBody(request, path);
    if (
      body === undefined &&
      (['PUT', 'PATCH'].includes(method) || (method === 'POST' && !path.endsWith('/_search')))
    ) {
      throw new HttpProblem(400, 'required', 'A body is required');
    }
    return this.service.handle({
      method,
      url: target.slice(root.length).replace(/^\/+/, ''),
      body: method === 'POST' && first !== '' ? withoutId(body) : body,
      ifMatch: headers['if-match'],
      ifNoneExist: single(headers['if-none-exist']),
    });
  }

  private requireToken(authorization: string | undefined): void {
    if (this.bearerToken === undefined) return;
    const [, token = ''] = /^Bearer +(.+)$/i.exec(authorization ?? '') ?? [];
    if (!timingSafeEqual(digest(token), digest(this.bearerToken))) {
      throw new HttpProblem(401, 'login', 'A valid bearer token is required');
    }
  }

  private send(request: IncomingMessage, response: ServerResponse, result: InteractionResult): void {
    const { status, outcome, resource } = result;
    if (status === 204) {
      response.writeHead(204).end();
      return;
    }
    const { id, meta, resourceType } = resource ?? {};
    if (meta?.versionId && meta.lastUpdated) {
      response.setHeader('etag', `W/"${meta.versionId}"`);
      response.setHeader('last-modified', new Date(meta.lastUpdated).toUTCString());
      if (request.method !== 'GET') {
        response.setHeader('location', `${this.baseUrl}/${resourceType}/${id}/_history/${meta.versionId}`);
      }
    }
    const body = resource ? this.withSelfLink(request, resource) : outcome;
    response.writeHead(status, { 'content-type': contentType }).end(JSON.stringify(body));
  }

  private withSelfLink(request: IncomingMessage, resource: Resource): Resource {
    if (resource.resourceType !== 'Bundle' || !['searchset', 'history'].includes(resource.type))
      return resource;
    const self = { relation: 'self', url: this.baseUrl + (request.url ?? '').slice(root.length) };
    return { ...resource, link: [self, ...(resource.link ?? [])] };
  }
}

function requireJsonAccepted(target: string, accept: string | undefined): void {
  const wanted = new URLSearchParams(target.split('?')[1]).get('_format') ?? accept ?? '*/*';
  if (!/json|\*\/\*|application\/\*/.test(wanted)) {
    throw new HttpProblem(406, 'not-supported', 'Only JSON is served');
  }
}

/** R4, http.html#create: an id in a resource to be created is ignored. */
function withoutId(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('resourceType' in body)) return body;
  return { ...body, id: undefined };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
