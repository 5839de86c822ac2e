import { Injectable } from '@nestjs/common';
import type { MatrixStateEvent } from '@bridge/contracts';

/** Invites to the bot and to ghosts, and their end. */
@Injectable()
export class BotMembership {
  async handle(event: MatrixStateEvent): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void event;
  }
}
