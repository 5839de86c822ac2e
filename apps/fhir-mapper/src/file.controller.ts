import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { QueueContext } from '@bridge/queue';
import { FileRecorder } from './file-recorder';

/** Files that could not be read at once → the record. */
@Controller()
export class FileController {
  constructor(private readonly files: FileRecorder) {}

  @EventPattern('file.fetch')
  async fetch(@Payload() { event }: MessageOf<'file.fetch'>, @Ctx() context: QueueContext): Promise<void> {
    await this.files.fetchLate(event, context.storedAt);
  }
}
