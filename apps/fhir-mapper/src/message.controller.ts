import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { MessageRecorder } from './message-recorder';

/** What is said in Matrix → the record. */
@Controller()
export class MessageController {
  constructor(private readonly recorder: MessageRecorder) {}

  @EventPattern('matrix.m.room.message')
  async message(@Payload() event: MessageOf<'matrix.m.room.message'>): Promise<void> {
    await this.recorder.record(event);
  }

  @EventPattern('matrix.m.room.redaction')
  async redaction(@Payload() event: MessageOf<'matrix.m.room.redaction'>): Promise<void> {
    await this.recorder.redact(event);
  }
}
