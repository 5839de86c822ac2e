import { Injectable } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';

/** Conversations that are opened and closed in Matrix → CommunicationRequest. */
@Injectable()
export class ConversationRecorder {
  async start(message: MessageOf<'conversation.start'>): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void message;
  }

  async archive(message: MessageOf<'conversation.archive'>): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void message;
  }
}
