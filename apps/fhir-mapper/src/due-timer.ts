import {
  BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  OnApplicationBootstrap,
} from '@nestjs/common';
import { DueCareTeamStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';

/** Injection token: milliseconds between two looks. */
export const DUE_INTERVAL_MS = Symbol('dueIntervalMs');

/** As many as one look takes: the next one takes those after them. */
const atOnce = 500;

/**
 * Queues the care teams that are to be applied again now. What is due is in Postgres, so that neither a restart nor
 * another replica makes a difference: of all that queue the same instant of a care team, the queue keeps one, and
 * whoever applies it notes the next instant.
 */
@Injectable()
export class DueTimer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(DueTimer.name);
  private timer?: NodeJS.Timeout;
  private looking = Promise.resolve();

  constructor(
    private readonly due: DueCareTeamStore,
    private readonly publisher: QueuePublisher,
    @Inject(DUE_INTERVAL_MS) private readonly intervalMs: number,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setTimeout(() => this.look(), this.intervalMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.looking;
  }

  private look(): void {
    this.looking = this.queueDue().finally(() => {
      // One after the other: a slow look is not overtaken by the next.
      if (this.timer) this.onApplicationBootstrap();
    });
  }

  private async queueDue(): Promise<void> {
    try {
      for (const { careTeam, since } of await this.due.list(new Date(), atOnce)) {
        const id = `${careTeam} ${since.toISOString()}`;
        await this.publisher.publish('fhir.due', careTeam, { careTeam }, { id });
      }
    } catch (error) {
      // They stay due: the next look finds them again.
      this.logger.warn({ msg: 'What is due could not be queued', err: error });
    }
  }
}
