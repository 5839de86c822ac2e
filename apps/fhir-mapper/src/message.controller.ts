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

  @EventPattern('matrix.m.room.encrypted')
  async encrypted(@Payload() event: MessageOf<'matrix.m.room.encrypted'>): Promise<void> {
    await this.recorder.record(event);
  }

  @EventPattern('matrix.m.sticker')
  async sticker(@Payload() event: MessageOf<'matrix.m.sticker'>): Promise<void> {
    await this.recorder.record(event);
  }

  @EventPattern('matrix.m.poll.start')
  async poll(@Payload() event: MessageOf<'matrix.m.poll.start'>): Promise<void> {
    await this.recorder.record(event);
  }

  /** As clients send it while the stable name is new (MSC3381). */
  @EventPattern('matrix.org.matrix.msc3381.poll.start')
  async unstablePoll(@Payload() event: MessageOf<'matrix.org.matrix.msc3381.poll.start'>): Promise<void> {
    await this.recorder.record(event);
  }

  @EventPattern('matrix.m.reaction')
  async reaction(@Payload() event: MessageOf<'matrix.m.reaction'>): Promise<void> {
    await this.recorder.record(event);
  }

  @EventPattern('matrix.m.room.redaction')
  async redaction(@Payload() event: MessageOf<'matrix.m.room.redaction'>): Promise<void> {
    await this.recorder.redact(event);
  }
}
