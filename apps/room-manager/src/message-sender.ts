import { Injectable } from '@nestjs/common';
import { EventId, MessageOf, PermanentError, RoomId } from '@bridge/contracts';
import { MatrixRefusal, Rooms, transactionId } from '@bridge/matrix';
import { ConversationStore, MessageLinkStore, Participant, ParticipantStore } from '@bridge/persistence';
import { FileUploader } from './file-uploader';
import { GhostKeeper } from './ghost-keeper';
import { RoomReconciler } from './room-reconciler';

/** An older message carries the time at which it was said. */
const lateMs = 60_000;

/** What was said in FHIR → `m.room.message` by the person's ghost, exactly once. */
@Injectable()
export class MessageSender {
  constructor(
    private readonly conversations: ConversationStore,
    private readonly participants: ParticipantStore,
    private readonly links: MessageLinkStore,
    private readonly roomReconciler: RoomReconciler,
    private readonly ghosts: GhostKeeper,
    private readonly files: FileUploader,
    private readonly rooms: Rooms,
  ) {}

  async send(message: MessageOf<'command.send-message'>): Promise<void> {
    const { conversation, source, version, part } = message;
    if (await this.links.reserve({ fhirRef: source, part, version, conversation })) return;
    const [roomId, author] = await Promise.all([this.roomOf(message), this.authorOf(message)]);
    const said = await this.files.contentOf(message, author.ghostUserId);
    const content = { ...said, ...(await this.relation(message)) };
    const eventId = await this.sendWhereItIsNow(author, roomId, message, content);
    await this.links.sent({ fhirRef: source, part }, eventId);
  }

  /** A Room that was deleted or replaced without the bridge's notice is found out here; the message goes where it is now. */
  private async sendWhereItIsNow(
    author: Participant,
    roomId: RoomId,
    message: MessageOf<'command.send-message'>,
    content: object,
  ): Promise<EventId> {
    try {
      return await this.sendAs(author, roomId, message, content);
    } catch (error) {
      if (!(error instanceof MatrixRefusal)) throw error;
      const now = await this.roomReconciler.reconcile(message.conversation);
      if (!now || now === roomId) throw error;
      return this.sendAs(author, now, message, content);
    }
  }

  private async sendAs(
    author: Participant,
    roomId: RoomId,
    { source, version, part, sent }: MessageOf<'command.send-message'>,
    content: object,
  ): Promise<EventId> {
    const saidAt = sent ? Date.parse(sent) : undefined;
    const send = {
      roomId,
      as: author.ghostUserId,
      transactionId: transactionId({ ghost: author.ghostUserId, source, version, part }),
      content,
      timestamp: saidAt !== undefined && Date.now() - saidAt > lateMs ? saidAt : undefined,
    };
    await this.ghosts.ensureJoined(roomId, author);
    try {
      return await this.rooms.send(send);
    } catch (error) {
      if (!(error instanceof MatrixRefusal && error.errcode === 'M_FORBIDDEN')) throw error;
      // Not in the Room: somebody with an account of their own who writes in FHIR, or a ghost that was removed by hand.
      await this.ghosts.join(roomId, author);
      return this.rooms.send(send);
    }
  }

  private async roomOf({ conversation }: MessageOf<'command.send-message'>): Promise<RoomId> {
    const roomId =
      (await this.conversations.find(conversation))?.roomId ??
      (await this.roomReconciler.reconcile(conversation));
    if (!roomId) {
      throw new PermanentError('conversation-unknown', `${conversation} has no room`, {
        advice: 'The database does not know the conversation; resend it from the FHIR server.',
      });
    }
    return roomId;
  }

  private async authorOf({ author }: MessageOf<'command.send-message'>): Promise<Participant> {
    const participant = await this.participants.find(author);
    if (!participant) {
      throw new PermanentError('author-unknown', `${author} is not known`, {
        advice: 'The database does not know the author; resend the message from the FHIR server.',
      });
    }
    return participant;
  }

  private async relation({ inReplyTo, inReplyToEvent }: MessageOf<'command.send-message'>): Promise<object> {
    const target = inReplyToEvent ?? (inReplyTo ? await this.links.eventOf(inReplyTo) : undefined);
    return target ? { 'm.relates_to': { 'm.in_reply_to': { event_id: target } } } : {};
  }
}
