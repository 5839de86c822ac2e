import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { QueueContext, QueuePublisher } from '@bridge/queue';

/** What a topic-based Subscription told → a pull. */
@Controller()
export class NotifiedController {
  constructor(private readonly publisher: QueuePublisher) {}

  @EventPattern('fhir.notified')
  async notified(
    @Payload() { source }: MessageOf<'fhir.notified'>,
    @Ctx() context: QueueContext,
  ): Promise<void> {
    await this.publisher.publish('fhir.pull', source, { source }, { id: `notified ${context.sequence}` });
  }
}
