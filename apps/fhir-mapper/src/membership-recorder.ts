import { Injectable } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';

/** Who comes and goes in Matrix → CareTeam. */
@Injectable()
export class MembershipRecorder {
  async change(message: MessageOf<'membership.changed'>): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void message;
  }

  async due(message: MessageOf<'fhir.due'>): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void message;
  }
}
