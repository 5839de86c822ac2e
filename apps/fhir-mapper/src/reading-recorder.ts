import { Injectable } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';

/** What is read in Matrix → Task and AuditEvent. */
@Injectable()
export class ReadingRecorder {
  async record(message: MessageOf<'matrix.m.receipt'>): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void message;
  }
}
