import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { EventIdRecorder } from './event-id-recorder';

/** What of the record was said in Matrix → the record. */
@Controller()
export class SaidController {
  constructor(private readonly eventIds: EventIdRecorder) {}

  @EventPattern('message.said')
  async said(@Payload() message: MessageOf<'message.said'>): Promise<void> {
    await this.eventIds.record(message);
  }
}
