import { Injectable } from '@nestjs/common';
import type { MatrixStateEvent } from '@bridge/contracts';

/** Rooms that were replaced by new ones. */
@Injectable()
export class RoomUpgrades {
  async handle(event: MatrixStateEvent): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void event;
  }
}
