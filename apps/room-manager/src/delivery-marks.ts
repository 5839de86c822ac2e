import { Injectable } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';

/** Marks on messages that are not in the record. */
@Injectable()
export class DeliveryMarks {
  async mark(message: MessageOf<'command.mark-undelivered'>): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void message;
  }

  async clear(message: MessageOf<'command.clear-mark'>): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void message;
  }
}
