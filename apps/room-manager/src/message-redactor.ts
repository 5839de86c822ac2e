import { Injectable } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';

/** What was taken back in FHIR is taken back in Matrix. */
@Injectable()
export class MessageRedactor {
  async redact(message: MessageOf<'command.redact-message'>): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void message;
  }
}
