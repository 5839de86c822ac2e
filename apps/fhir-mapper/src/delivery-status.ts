import { Injectable, Logger } from '@nestjs/common';
import { EventId, MatrixEvent, MessageKind, RoomId } from '@bridge/contracts';
import { readBotCommand } from '@bridge/mapping';
import { ConversationStore, DeliveryMarkStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { QueueBacklog, type QueueContext, QueuePublisher, verdictOn } from '@bridge/queue';
import { MapperConfig } from './mapper-config';

/** Whoever says something that is not in the record learns it, and sees when it is. */
@Injectable()
export class DeliveryStatus {
  private readonly logger = new Logger(DeliveryStatus.name);
  private readonly marked;

  constructor(
    private readonly marks: DeliveryMarkStore,
    private readonly conversations: ConversationStore,
    private readonly backlog: QueueBacklog,
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
   * Does the work of recording. When it fails for good, or has failed for long enough, the message is marked, with
   * those that wait behind it; when it is done, its mark goes away.
   * @throws what the work throws: whether and when it is tried again stays the queue's business
   */
  async watch(event: MatrixEvent, context: QueueContext, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.tellOf(event, error, context);
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

  /** @throws what keeps a message from being marked that would become a dead letter now: unmarked it must not */
  private async tellOf(event: MatrixEvent, error: unknown, context: QueueContext): Promise<void> {
    const { attempts, storedAt } = context;
    const isLastTry = verdictOn(error, attempts).action === 'dead-letter';
    // Not at the first try: after a backlog every message is old, and most pass at the second.
    if (!isLastTry && (attempts === 1 || !this.isLate(storedAt))) return;
    try {
      await this.mark(event);
      if (!isLastTry) await this.markWaiting(context);
    } catch (failure) {
      if (isLastTry && verdictOn(failure, attempts).action === 'retry') throw failure;
      this.logger.warn({ msg: 'A message that is not recorded could not be marked', err: failure });
    }
  }

  private isLate(storedAt: Date): boolean {
    return Date.now() - storedAt.getTime() >= this.config.markAfterMs;
  }

  /** What was said after a message that fails waits for it, and is not recorded either. */
  private async markWaiting(context: QueueContext): Promise<void> {
    let looks = 0;
    for await (const { kind, data, storedAt } of this.backlog.behind(context)) {
      if (!this.isLate(storedAt) || ++looks > mostLooks) return;
      if (isMarked(kind)) await this.mark(data as MatrixEvent);
    }
  }

  /** The row comes first: room-manager takes a message without one for recorded by now. */
  private async mark(event: MatrixEvent): Promise<void> {
    const { event_id: eventId, room_id: roomId, sender } = event;
    const isForRecord = readBotCommand(event, this.config.botPrefix, false) === undefined;
    if (!isForRecord || !(await this.conversations.ofRoom(roomId))) return;
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

/** Messages looked at behind one that fails, at each of its tries. */
const mostLooks = 200;

/** What people say. A reaction says nothing that the record must have; what a redaction would be marked on is gone. */
const markedKinds = [
  'matrix.m.room.message',
  'matrix.m.room.encrypted',
  'matrix.m.sticker',
  'matrix.m.poll.start',
  'matrix.org.matrix.msc3381.poll.start',
] as const satisfies MessageKind[];

function isMarked(kind: MessageKind): kind is (typeof markedKinds)[number] {
  return (markedKinds as readonly MessageKind[]).includes(kind);
}
