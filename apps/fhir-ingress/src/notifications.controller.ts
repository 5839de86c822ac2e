import { Body, Controller, Headers, HttpCode, Param, Post, Put } from '@nestjs/common';
import { NotificationIntake } from './notification-intake';
import { unsupportedMediaType } from './operation-outcome';

const MEDIA_TYPES = new Set(['application/fhir+json', 'application/json', 'application/json+fhir']);

/**
 * The endpoints that a FHIR server's rest-hook Subscription names (FHIR R4, Subscription, "Channels").
 * The answer is 204 without a body: HAPI takes several other 2xx answers for failures and repeats.
 */
@Controller('notify')
export class NotificationsController {
  constructor(private readonly intake: NotificationIntake) {}

  /** `POST /notify/{source}`: something has changed. Empty, or with a body that is not needed. */
  @Post(':source')
  @HttpCode(204)
  async changed(
    @Param('source') source: string,
    @Headers('content-type') mediaType: string | undefined,
    @Body() body: Buffer | undefined,
  ): Promise<void> {
    await this.intake.accept(source, readable(mediaType, body));
  }

  /** `PUT /notify/{source}/{type}/{id}`: this resource has changed; the payload is its new version. */
  @Put(':source/:type/:id')
  @HttpCode(204)
  async changedResource(
    @Param() { source, type, id }: { source: string; type: string; id: string },
    @Headers('content-type') mediaType: string | undefined,
    @Body() body: Buffer | undefined,
  ): Promise<void> {
    await this.intake.accept(source, readable(mediaType, body), { resourceType: type, id });
  }
}

/** @returns the body; empty when there is none */
function readable(mediaType: string | undefined, body: Buffer | undefined): Buffer {
  if (!body || body.length === 0) return Buffer.alloc(0);
  const essence = mediaType?.split(';')[0]?.trim().toLowerCase();
  if (!essence || !MEDIA_TYPES.has(essence)) throw unsupportedMediaType();
  return body;
}
