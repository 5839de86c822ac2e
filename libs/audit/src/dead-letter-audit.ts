import { createHash } from 'node:crypto';
import { Injectable, OnModuleInit } from '@nestjs/common';
import { refusalOfMessage } from '@bridge/mapping';
import { type DeadLetter, QueuePublisher } from '@bridge/queue';
import { AuditTrail } from './audit-trail';
import { messageContent } from './message-content';

/** Whatever a worker gives up is told before it becomes a dead letter. */
@Injectable()
export class DeadLetterAudit implements OnModuleInit {
  constructor(
    private readonly publisher: QueuePublisher,
    private readonly trail: AuditTrail,
  ) {}

  onModuleInit(): void {
    this.publisher.beforeDeadLetters((letter) => this.tell(letter));
  }

  private async tell({ stream, id, kind, payload, failureClass }: DeadLetter): Promise<void> {
    const bytes = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload ?? null));
    // Its number in the stream begins again when the stream is made anew: with what it holds it is still unique.
    const digest = createHash('sha256').update(bytes).digest('base64url');
    await this.trail.refused(
      `dead letter ${stream} ${id} ${digest}`,
      refusalOfMessage(kind, messageContent(bytes), failureClass),
    );
  }
}
