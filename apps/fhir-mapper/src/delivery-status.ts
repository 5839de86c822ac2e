import { Injectable, Logger } from '@nestjs/common';
import { EventId, MatrixEvent, RoomId } from '@bridge/contracts';
import { DeliveryMarkStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { type QueueContext, QueuePublisher, verdictOn } from '@bridge/queue';
import { MapperConfig } from './mapper-config';

/** Whoever says something that is not in the record learns it, and sees when it is. */
@Injectable()
export class DeliveryStatus {
  private readonly logger = new Logger(DeliveryStatus.name);
  private readonly marked;

  constructor(
    private readonly marks: DeliveryMarkStore,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
    metrics: Metrics,
  ) {
    this.marked = metrics.counter(
      'bridge_delivery_marks_total',
      'Messages from Matrix whose senders were told that they are not in the record, and that they are by now',
      ['change'],
    );
  }

  /**
   * Does the work of recording. When it fails for good, or has failed for long enough, the message is marked; when it
   * is done, the mark goes away.
   * @throws what the work throws: whether and when it is tried again stays the queue's business
   */
  async watch(event: MatrixEvent, context: QueueContext, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.isLate(error, context)) await this.markInstead(event, error, context);
      throw error;
    }
    await this.clear({ eventId: event.event_id, roomId: event.room_id });
  }

  /** Takes the mark away, if there is one. */
  async clear({ eventId, roomId }: { readonly eventId: EventId; readonly roomId: RoomId }): Promise<void> {
    if (!(await this.marks.find(eventId))) return;
    await this.publisher.publish('command.clear-mark', roomId, { roomId, eventId }, { id: eventId });
    this.marked.inc({ change: 'cleared' });
  }

  private isLate(error: unknown, { attempts, storedAt }: QueueContext): boolean {
    if (verdictOn(error, attempts).action === 'dead-letter') return true;
    // Not at the first try: after a backlog every message is old, and most pass at the second.
    return attempts > 1 && Date.now() - storedAt.getTime() >= this.config.markAfterMs;
  }

  /** @throws what keeps a message from being marked that would become a dead letter now: unmarked it must not */
  private async markInstead(event: MatrixEvent, reason: unknown, { attempts }: QueueContext): Promise<void> {
    try {
      await this.mark(event);
    } catch (error) {
      const isLastTry = verdictOn(reason, attempts).action === 'dead-letter';
      const isWorthAnother = verdictOn(error, attempts).action === 'retry';
      if (isLastTry && isWorthAnother) throw error;
      this.logger.warn({ msg: 'A message that is not recorded could not be marked', err: error });
    }
  }

  /** The row comes first: room-manager takes a message without one for recorded by now. */
  private async mark({ event_id: eventId, room_id: roomId, sender }: MatrixEvent): Promise<void> {
    const { noticeEventId, reactionEventId } = await this.marks.open(eventId, roomId);
    if (noticeEventId && reactionEventId) return;
    const { duplicate } = await this.publisher.publish(
      'command.mark-undelivered',
      roomId,
      { roomId, eventId, sender },
      { id: eventId },
    );
    if (!duplicate) this.marked.inc({ change: 'marked' });
  }
}
