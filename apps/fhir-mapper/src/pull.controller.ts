import { Controller, Logger } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { QueueConnection, QueueContext } from '@bridge/queue';
import { PullReader } from './pull-reader';

/** A notification → a pull. */
@Controller()
export class PullController {
  private readonly logger = new Logger(PullController.name);
  /** Per source: the last queue message whose notification the latest pull has answered. */
  private readonly answered = new Map<string, number>();

  constructor(
    private readonly reader: PullReader,
    private readonly queue: QueueConnection,
  ) {}

  /**
   * Many notifications that wait are answered by one pull: whatever was queued before a pull began
   * tells of a change that the pull has seen. An optimisation of this process only; a pull too many does no harm.
   */
  @EventPattern('fhir.pull')
  async pull(@Payload() { source }: MessageOf<'fhir.pull'>, @Ctx() context: QueueContext): Promise<void> {
    if (context.sequence <= (this.answered.get(source) ?? 0)) return;
    const upTo = await this.queue.lastSequence('MAPPING');
    const queued = await this.reader.pull(source);
    this.answered.set(source, Math.max(upTo, context.sequence));
    if (queued > 0) this.logger.debug(`${queued} changes from ${source}`);
  }
}
