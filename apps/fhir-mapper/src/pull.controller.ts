import { Controller, Logger } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { currentTraceparent, linkSpan } from '@bridge/platform';
import { QueueConnection, QueueContext } from '@bridge/queue';
import { AnsweredPulls } from './answered-pulls';
import { DeletionReader } from './deletion-reader';
import { PullReader } from './pull-reader';

/** So many pulls may begin within the period, in milliseconds: on a busy server one pull then answers many notifications. */
const atOnce = 3;
const periodMs = 300;

/** A notification → a pull. */
@Controller()
export class PullController {
  private readonly logger = new Logger(PullController.name);
  private readonly answered = new AnsweredPulls();

  /** Per source: when the latest pulls began, the oldest first. */
  private readonly began = new Map<string, number[]>();

  constructor(
    private readonly reader: PullReader,
    private readonly deletions: DeletionReader,
    private readonly queue: QueueConnection,
  ) {}

  /**
   * Many notifications that wait are answered by one pull: whatever was queued before a pull began
   * tells of a change that the pull has seen. An optimisation of this process only; a pull too many does no harm.
   * What is said to be gone no search shows: it is looked for in any case, behind the changes that came before.
   */
  @EventPattern('fhir.pull')
  async pull(
    @Payload() { source, types, gone }: MessageOf<'fhir.pull'>,
    @Ctx() context: QueueContext,
  ): Promise<void> {
    const answers = this.answered.answersTo(source, types, context.sequence);
    if (!answers) await this.read(source, types, context.sequence);
    // The changes go on with the trace of the pull that read them.
    for (const { traceparent } of answers ?? []) linkSpan(traceparent);
    if (gone) await this.deletions.look(gone);
  }

  private async read(source: string, types: readonly string[] | undefined, sequence: number): Promise<void> {
    await this.takeTurn(source);
    const upTo = Math.max(await this.queue.lastSequence('MAPPING'), sequence);
    const queued = await this.reader.pull(source, types);
    if (!types) await this.deletions.sweep(source);
    this.answered.note(source, types, { upTo, traceparent: currentTraceparent() });
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
