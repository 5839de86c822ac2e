import { Injectable } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';

/** Who reads in FHIR is shown in Matrix as having read. */
@Injectable()
export class ReceiptSender {
  async send(message: MessageOf<'command.send-receipt'>): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void message;
  }
}
