import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { RoomCheckpointStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import { ManagerConfig } from './manager-config';

/** How many Rooms are taken at once: the next look is made as long as there are more. */
const atOnce = 200;
/** At most so long after its time a Room is found to be due, in milliseconds. */
const longestLookIntervalMs = 30_000;

/**
 * Has every Space and Room in use compared with what arrived, once per interval, and all of them soon after the start:
 * nobody knows what happened while nothing ran. Replicas share the work by taking what is due in Postgres.
 */
@Injectable()
export class ResyncScheduler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ResyncScheduler.name);
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly checkpoints: RoomCheckpointStore,
    private readonly publisher: QueuePublisher,
    private readonly config: ManagerConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.look(new Date());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private look(before: Date): void {
    this.looking = this.queueDue(before).catch((error: unknown) => {
      this.logger.warn({ msg: 'Could not queue the comparison of Rooms, will try again', err: error });
    });
    void this.looking.then(() => this.lookAgain());
  }

  private lookAgain(): void {
    if (this.isStopped) return;
    const { resyncIntervalMs } = this.config;
    this.timer = setTimeout(
      () => this.look(new Date(Date.now() - resyncIntervalMs)),
      Math.min(resyncIntervalMs / 2, longestLookIntervalMs),
    ).unref();
  }

  private async queueDue(before: Date): Promise<void> {
    let taken: number;
    do {
      const rooms = await this.checkpoints.claimDue(before, atOnce);
      taken = rooms.length;
      for (const roomId of rooms) {
        const id = `${roomId} ${before.toISOString()}`;
        await this.publisher.publish('command.resync-room', roomId, { roomId }, { id });
      }
    } while (taken === atOnce && !this.isStopped);
  }
}
