import { Controller, Delete, HttpCode, Param, Post, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { NotificationIntake } from './notification-intake';
import { unsupportedEncoding, unsupportedMediaType } from './operation-outcome';

const MEDIA_TYPES = new Set(['application/fhir+json', 'application/json', 'application/json+fhir']);

interface ResourcePath {
  readonly source: string;
  readonly type: string;
  readonly id: string;
}

/**
 * The endpoints that a FHIR server's Subscription names, in every published form (docs/fhir.md, "Notifications").
 * The answer is 204 without a body: HAPI takes several other 2xx answers for failures and repeats.
 */
@Controller('notify')
export class NotificationsController {
  constructor(private readonly intake: NotificationIntake) {}

  /** `POST /notify/{source}`: something has changed. Empty, a resource, or a Bundle. */
  @Post(':source')
  @HttpCode(204)
  async changed(@Param('source') source: string, @Req() request: FastifyRequest): Promise<void> {
    await this.intake.accept(source, { method: 'POST', body: readable(request), ...deletedIn(request) });
  }

  /**
   * `POST /notify/{source}/{last}`: with a body FHIR's create, where `last` is the name of a resource type. Without one
   * something of this type has changed; anything, where it is no type's name: eOverdracht has the id of the Task there.
   */
  @Post(':source/:last')
  @HttpCode(204)
  async changedBelow(
    @Param() { source, last }: { source: string; last: string },
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.intake.accept(source, {
      method: 'POST',
      body: readable(request),
      ...deletedIn(request),
      last,
    });
  }

  /** `PUT /notify/{source}/{type}/{id}`: this resource has changed; the payload is its new version. */
  @Put(':source/:type/:id')
  @HttpCode(204)
  async changedResource(@Param() path: ResourcePath, @Req() request: FastifyRequest): Promise<void> {
    await this.intake.accept(path.source, { ...path, method: 'PUT', body: readable(request) });
  }

  /** `DELETE /notify/{source}/{type}/{id}`: this resource is deleted. */
  @Delete(':source/:type/:id')
  @HttpCode(204)
  async deletedResource(@Param() path: ResourcePath, @Req() request: FastifyRequest): Promise<void> {
    await this.intake.accept(path.source, { ...path, method: 'DELETE', body: readable(request) });
  }
}

/** @returns the body; empty when there is none, whatever its type is said to be */
function readable({ body, headers }: FastifyRequest): Buffer {
  if (!Buffer.isBuffer(body) || body.length === 0) return Buffer.alloc(0);
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw unsupportedEncoding();
  const essence = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (!essence || !MEDIA_TYPES.has(essence)) throw unsupportedMediaType();
  return body;
}

/** Medplum tells of a deleted resource in a header. */
function deletedIn({ headers }: FastifyRequest): { deleted?: string } {
  const deleted = headers['x-medplum-deleted-resource'];
  return typeof deleted === 'string' ? { deleted } : {};
}
