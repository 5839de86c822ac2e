import { Injectable } from '@nestjs/common';
import { EventId, MatrixEvent, MessageKind, messages } from '@bridge/contracts';
import { readEventLink, replyTarget } from '@bridge/mapping';
import { Rooms } from '@bridge/matrix';
import { HandledEventStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import { ManagerConfig } from '../manager-config';
import type { BotReply, BotRequest } from './bot-request';

/** What carries something said in a Room. */
type RecordableKind = Exclude<
  Extract<MessageKind, `matrix.${string}`>,
  'matrix.m.receipt' | 'matrix.m.room.member' | 'matrix.m.room.tombstone' | 'matrix.m.space.child'
>;

/** `resend` and `resync`: what should be in the record and is not. */
@Injectable()
export class RecordCommands {
  constructor(
    private readonly rooms: Rooms,
    private readonly handled: HandledEventStore,
    private readonly publisher: QueuePublisher,
    private readonly config: ManagerConfig,
  ) {}

  /** For a message's own sender, and for administrators. Sent twice, it is recorded once. */
  async resend({ event, sender, place, permission, words, texts: { bot } }: BotRequest): Promise<BotReply> {
    if (place.kind === 'direct') return { text: bot.notHere };
    const { room_id: roomId, event_id: command } = event;
    const replied = replyTarget(event);
    const link = words[0] === undefined ? replied && { eventId: replied } : readEventLink(words[0]);
    if (!link) return 'misused';
    const isElsewhere = 'roomId' in link && link.roomId !== undefined && link.roomId !== roomId;
    const target = isElsewhere ? undefined : await this.rooms.event(roomId, link.eventId);
    if (!target) return { text: bot.eventNotFound };
    if (target.sender !== sender && permission !== 'admin') return { text: bot.notYourMessage };
    if (this.config.isOwn(target.sender) || !(await this.queue(target, command))) {
      return { text: bot.notResendable };
    }
    return { text: bot.resent };
  }

  async resync({ event, place, texts: { bot } }: BotRequest): Promise<BotReply> {
    if (place.kind === 'direct') return { text: bot.notHere };
    const { room_id: roomId, event_id: id } = event;
    await this.publisher.publish('command.resync-room', roomId, { roomId }, { id });
    return { text: bot.resyncing };
  }

  /** Under the id of the command: the queue may still remember the event's own, and would drop it as a repetition. */
  private async queue(target: MatrixEvent, command: EventId): Promise<boolean> {
    const kind = `matrix.${target.type}`;
    if (!isRecordable(kind) || 'state_key' in target) return false;
    await this.handled.forget(target.event_id);
    await this.publisher.publish(kind, target.room_id, target, { id: `resend ${command}` });
    return true;
  }
}

function isRecordable(kind: string): kind is RecordableKind {
  return Object.hasOwn(messages, kind) && messages[kind as MessageKind].schema === MatrixEvent;
}
