import { createHash } from 'node:crypto';
import { QueuePublisher } from '@bridge/queue';
import { Injectable } from '@nestjs/common';

/** Half of what a queue message may have by default (1 MiB), so that headers fit as well. */
const MAX_PART_BYTES = 512 * 1024;

/** Puts what cannot be understood where an operator finds it, byte for byte. */
@Injectable()
export class MalformedLetters {
  constructor(private readonly publisher: QueuePublisher) {}

  /**
   * Resolves when the dead letters have stored all of it, in parts where it is too large for one.
   * The id is made of the content: a repeated transaction adds nothing.
   * @param kind `matrix.event`, or `matrix.transaction` for a whole body
   * @param reason names what is wrong; holds nothing of the content
   * @throws QueueUnavailableError
   */
  async keep(
    kind: 'matrix.event' | 'matrix.transaction',
    reason: string,
    payload: Uint8Array,
  ): Promise<void> {
    const digest = createHash('sha256').update(payload).digest('hex');
    const parts = Math.max(1, Math.ceil(payload.length / MAX_PART_BYTES));
    for (let part = 0; part < parts; part++) {
      await this.publisher.deadLetter({
        stream: 'MAPPING',
        kind,
        reason: parts === 1 ? reason : `${reason} (part ${part + 1} of ${parts})`,
        failureClass: 'malformed-event',
        payload: payload.subarray(part * MAX_PART_BYTES, (part + 1) * MAX_PART_BYTES),
        id: `${kind}:${digest}:${part}`,
        attempts: 0,
      });
    }
  }
}
