import { Injectable } from '@nestjs/common';
import type { MatrixStateEvent } from '@bridge/contracts';

/** Who comes and goes in Matrix. */
@Injectable()
export class MemberEvents {
  async handle(event: MatrixStateEvent): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void event;
  }
}
