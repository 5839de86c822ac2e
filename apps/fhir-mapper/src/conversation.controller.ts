import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { ConversationRecorder } from './conversation-recorder';

/** Conversations that are opened and closed in Matrix → the record. */
@Controller()
export class ConversationController {
  constructor(private readonly service: ConversationRecorder) {}

  @EventPattern('conversation.start')
  async start(@Payload() message: MessageOf<'conversation.start'>): Promise<void> {
    await this.service.start(message);
  }

  @EventPattern('conversation.archive')
  async archive(@Payload() message: MessageOf<'conversation.archive'>): Promise<void> {
    await this.service.archive(message);
  }
}
