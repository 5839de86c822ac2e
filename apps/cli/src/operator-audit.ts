import { AuditTrail, messageContent } from '@bridge/audit';
import type { FhirRef } from '@bridge/contracts';
import { refusalOfMessage } from '@bridge/mapping';
import type { KeptDeadLetter } from '@bridge/queue';
import { Injectable } from '@nestjs/common';

/** What an operator does by hand, told in the audit before it is done. */
@Injectable()
export class OperatorAudit {
  constructor(private readonly trail: AuditTrail) {}

  /**
   * Does something to a dead letter that must not happen without a trace.
   * @param operator who does it
   * @param why what is done, or the reason they give
   * @throws what `act` throws, and what the database does: without it nothing is done
   */
  async around(
    letter: KeptDeadLetter,
    operator: string,
    why: string,
    act: () => Promise<void>,
  ): Promise<void> {
    const { number, givenUpAt, kind, payload } = letter;
    const { by, to, what, room, event } = refusalOfMessage(kind, messageContent(payload), why);
    const key = `operator ${why} ${number} ${givenUpAt.toISOString()}`;
    const deed = { deed: 'execute', key, told: 'each-time', operator, reason: why } as const;
    await this.trail.around({ ...deed, by, to, what, room, event }, act, () => ({}));
  }

  /**
   * Erases a patient, of whom the audit goes on telling that it was done.
   * @param what care teams and conversations
   * @throws what `act` throws, and what the database does: without it nothing is done
   */
  async aroundErasure(
    patient: FhirRef,
    what: readonly FhirRef[],
    operator: string,
    act: () => Promise<void>,
  ): Promise<void> {
    const reason = 'patient erased from Matrix and the bridge';
    const deed = { deed: 'execute', key: `operator erases ${patient}`, told: 'each-time' } as const;
    await this.trail.around({ ...deed, operator, reason, patient, what }, act, () => ({}));
  }
}
