import { Injectable } from '@nestjs/common';
import type { MatrixEvent } from '@bridge/contracts';

/** What people ask of the bot. */
@Injectable()
export class BotCommands {
  async run(event: MatrixEvent): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void event;
  }
}
