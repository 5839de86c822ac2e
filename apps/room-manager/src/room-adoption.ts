import { Injectable } from '@nestjs/common';
import type { MatrixStateEvent } from '@bridge/contracts';

/** Rooms that people make in a Space. */
@Injectable()
export class RoomAdoption {
  async handle(event: MatrixStateEvent): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void event;
  }
}
