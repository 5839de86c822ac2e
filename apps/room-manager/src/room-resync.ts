import { Injectable } from '@nestjs/common';
import type { RoomId } from '@bridge/contracts';

/** Finds what happened in a Room and never arrived. */
@Injectable()
export class RoomResync {
  async resync(roomId: RoomId): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void roomId;
  }
}
