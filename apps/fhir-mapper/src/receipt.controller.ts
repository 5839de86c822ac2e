import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { ReadingRecorder } from './reading-recorder';

/** Who reads in Matrix → the record. */
@Controller()
export class ReceiptController {
  constructor(private readonly service: ReadingRecorder) {}

  @EventPattern('matrix.m.receipt')
  async record(@Payload() message: MessageOf<'matrix.m.receipt'>): Promise<void> {
    await this.service.record(message);
  }
}
