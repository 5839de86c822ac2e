import { Controller, Logger } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { QueueConnection, QueueContext } from '@bridge/queue';
import { PullReader } from './pull-reader';

/** So many pulls may begin within the period, in milliseconds: on a busy server one pull then answers many notifications. */
const atOnce = 3;
const periodMs = 300;

/** A notification → a pull. */
@Controller()
export class PullController {
  private readonly logger = new Logger(PullController.name);
  /** Per source: the last queue message whose notification the latest pull has answered. */
  private readonly answered = new Map<string, number>();

  /** Per source: when the latest pulls began, the oldest first. */
  private readonly began = new Map<string, number[]>();

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
    await this.takeTurn(source);
    const upTo = await this.queue.lastSequence('MAPPING');
    const queued = await this.reader.pull(source);
    this.answered.set(source, Math.max(upTo, context.sequence));
    if (queued > 0) this.logger.debug(`${queued} changes from ${source}`);
  }

  private async takeTurn(source: string): Promise<void> {
    const latest = this.began.get(source) ?? [];
    const [oldest = -Infinity] = latest.length < atOnce ? [] : latest;
    const waitMs = oldest + periodMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.began.set(source, [...latest, performance.now()].slice(-atOnce));
  }
}
