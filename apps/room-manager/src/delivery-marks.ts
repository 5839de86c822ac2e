import { Injectable } from '@nestjs/common';
import { EventId, MatrixEvent, type MessageOf, RoomId, UserId } from '@bridge/contracts';
import { readEdit, threadRoot, wasRedacted } from '@bridge/mapping';
import { MatrixRefusal, Rooms } from '@bridge/matrix';
import { DeliveryMarkStore } from '@bridge/persistence';
import { aboutEvent } from './bot-voice';
import { GhostKeeper } from './ghost-keeper';
import { Languages } from './languages';
import { ManagerConfig } from './manager-config';

const reactionKey = '⚠️';

/** What a mark is put on: the message, and the thread that belongs to it. */
interface Place {
  readonly roomId: RoomId;
  readonly message: EventId;
  readonly thread: EventId;
}

/**
 * Marks on messages that are not in the record: a notice in the message's thread, and a reaction. The mapper's row in
 * `delivery_mark` says that a message is to be marked; without it the message has been recorded in the meantime.
 */
@Injectable()
export class DeliveryMarks {
  constructor(
    private readonly marks: DeliveryMarkStore,
    private readonly ghosts: GhostKeeper,
    private readonly rooms: Rooms,
    private readonly languages: Languages,
    private readonly config: ManagerConfig,
  ) {}

  /** Each part is noted as soon as it is sent; one that was sent and not noted has the same transaction id again. */
  async mark({ roomId, eventId, sender }: MessageOf<'command.mark-undelivered'>): Promise<void> {
    const mark = await this.marks.find(eventId);
    if (!mark) return;
    const place = await this.placeOf(roomId, eventId);
    if (!place) return;
    await this.ghosts.ensureDevice(this.config.bot);
    if (!mark.noticeEventId) {
      await this.marks.sent(eventId, { noticeEventId: await this.sendNotice(place, eventId, sender) });
    }
    if (!mark.reactionEventId) {
      await this.marks.sent(eventId, { reactionEventId: await this.sendReaction(place, eventId) });
    }
  }

  /** The row goes last: until then a repetition finds what is to be taken back. */
  async clear({ roomId, eventId }: MessageOf<'command.clear-mark'>): Promise<void> {
    const mark = await this.marks.find(eventId);
    if (!mark) return;
    for (const sent of [mark.noticeEventId, mark.reactionEventId]) {
      if (sent) await this.takeBack(roomId, sent);
    }
    await this.marks.remove(eventId);
  }

  /** @returns undefined when there is nothing to mark (any more): the message is gone, or the Room */
  private async placeOf(roomId: RoomId, eventId: EventId): Promise<Place | undefined> {
    const event = await this.visible(roomId, eventId);
    // A thread cannot begin at an edit: the message that it changes is marked instead.
    const edit = event && readEdit(event);
    const message = edit ? await this.visible(roomId, edit.target) : event;
    if (!message) return undefined;
    return { roomId, message: message.event_id, thread: threadRoot(message) ?? message.event_id };
  }

  private async visible(roomId: RoomId, eventId: EventId): Promise<MatrixEvent | undefined> {
    const event = await this.rooms.event(roomId, eventId);
    return event && !wasRedacted(event) ? event : undefined;
  }

  private async sendNotice(
    { roomId, message, thread }: Place,
    eventId: EventId,
    sender: UserId,
  ): Promise<EventId> {
    const texts = await this.languages.textsFor(sender);
    const content = {
      msgtype: 'm.notice',
      body: texts.undelivered,
      'm.relates_to': {
        rel_type: 'm.thread',
        event_id: thread,
        is_falling_back: true,
        'm.in_reply_to': { event_id: message },
      },
    };
    return this.rooms.send({
      roomId,
      as: this.config.bot,
      transactionId: aboutEvent('mark', eventId),
      content,
    });
  }

  /** @returns null when the message has this reaction of the bot already: it carries two marks, for itself and an edit */
  private async sendReaction({ roomId, message }: Place, eventId: EventId): Promise<EventId | null> {
    const relation = { rel_type: 'm.annotation', event_id: message, key: reactionKey };
    try {
      return await this.rooms.send({
        roomId,
        as: this.config.bot,
        type: 'm.reaction',
        transactionId: aboutEvent('mark-reaction', eventId),
        content: { 'm.relates_to': relation },
      });
    } catch (error) {
      if (error instanceof MatrixRefusal && error.errcode === 'M_DUPLICATE_ANNOTATION') return null;
      throw error;
    }
  }

  private async takeBack(roomId: RoomId, eventId: EventId): Promise<void> {
    await this.rooms.redact({
      roomId,
      eventId,
      as: this.config.bot,
      transactionId: aboutEvent('unmark', eventId),
    });
  }
}
