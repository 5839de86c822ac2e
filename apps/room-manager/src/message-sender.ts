import { Injectable } from '@nestjs/common';
import { EventId, FhirRef, MessageOf, PermanentError, RoomId, UserId } from '@bridge/contracts';
import { type Version, contentHash, isOutdated, latest, replacement } from '@bridge/mapping';
import { MatrixRefusal, Rooms, transactionId } from '@bridge/matrix';
import {
  ConversationStore,
  MessageLink,
  MessageLinkStore,
  Participant,
  ParticipantStore,
} from '@bridge/persistence';
import { EndToEnd } from '@bridge/platform';
import { Disclosures } from './disclosures';
import { FileUploader } from './file-uploader';
import { GhostKeeper } from './ghost-keeper';
import { GhostVoice } from './ghost-voice';
import { ManagerConfig } from './manager-config';
import { MessageRedactor } from './message-redactor';
import { RoomReconciler } from './room-reconciler';
import { SaidMessages } from './said-messages';

type Message = MessageOf<'command.send-message'>;

/** Who says it: a person's ghost, or the bot what no person wrote. */
interface Speaker {
  readonly as: UserId;
  readonly person: Participant | undefined;
}

/** An older message carries the time at which it was said. */
const lateMs = 60_000;

/** What FHIR says → `m.room.message` by the person's ghost or the bot, exactly once; a new version of it → an edit. */
@Injectable()
export class MessageSender {
  constructor(
    private readonly conversations: ConversationStore,
    private readonly participants: ParticipantStore,
    private readonly links: MessageLinkStore,
    private readonly roomReconciler: RoomReconciler,
    private readonly ghosts: GhostKeeper,
    private readonly voice: GhostVoice,
    private readonly files: FileUploader,
    private readonly redactor: MessageRedactor,
    private readonly said: SaidMessages,
    private readonly disclosures: Disclosures,
    private readonly rooms: Rooms,
    private readonly endToEnd: EndToEnd,
    private readonly config: ManagerConfig,
  ) {}

  async send(message: Message): Promise<void> {
    const links = await this.links.ofResource(message.source);
    const shown = latest(links);
    if (shown && isOutdated(versionOf(message), shown)) return;
    const link = links.find(({ part }) => part === message.part);
    if (link?.eventId && !link.redacted)
      await this.bringUpToDate(message, { ...link, eventId: link.eventId });
    else await this.say(message);
    await this.takeBackGone(message, links);
  }

  /** Sends it as a new message. */
  private async say(message: Message): Promise<void> {
    const { conversation, source: fhirRef, version, part, sent } = message;
    await this.links.reserve({ fhirRef, part, version, conversation });
    const [roomId, speaker] = await Promise.all([this.roomOf(message), this.speakerOf(message)]);
    const said = await this.files.contentOf(message, speaker.as);
    const content = { ...said, ...(await this.relation(message)) };
    const saidAt = sent ? Date.parse(sent) : undefined;
    const isLate = saidAt !== undefined && Date.now() - saidAt > lateMs;
    const send = (room: RoomId) => this.sendAs(speaker, room, message, content, isLate ? saidAt : undefined);
    const eventId = await this.whereItIsNow(roomId, conversation, send);
    await this.said.tell(message, eventId);
    await this.links.sent({ fhirRef, part }, eventId, shownBy(message));
  }

  /**
   * A version that says something else becomes an edit, which only counts when it is of the same sender and in the same
   * room. What is now another's or another conversation's, or was said in a room that is no more, is said anew.
   */
  private async bringUpToDate(message: Message, link: MessageLink & { eventId: EventId }): Promise<void> {
    if (link.conversation !== message.conversation) return this.sayElsewhere(message, link);
    const now = shownBy(message);
    if (link.contentHash !== now.contentHash) {
      const [roomId, speaker] = await Promise.all([this.roomOf(message), this.speakerOf(message)]);
      const original = await this.rooms.event(roomId, link.eventId);
      if (original?.sender !== speaker.as) return this.sayElsewhere(message, link);
      const said = await this.files.contentOf(message, speaker.as);
      const edit = replacement(said, link.eventId);
      await this.sendAs(speaker, roomId, message, edit, undefined);
    }
    await this.links.shows({ fhirRef: link.fhirRef, part: link.part }, now);
  }

  private async sayElsewhere(message: Message, link: MessageLink): Promise<void> {
    await this.redactor.takeBack(link, undefined);
    await this.say(message);
  }

  /** The first part tells which parts there are: what was said of any other is taken back. */
  private async takeBackGone(message: Message, links: readonly MessageLink[]): Promise<void> {
    if (!message.parts) return;
    const gone = links.filter(({ part, redacted }) => !redacted && !message.parts?.includes(part));
    if (gone.length === 0) return;
    const author = message.author && (await this.participants.find(message.author));
    for (const link of gone) await this.redactor.takeBack(link, author);
  }

  /** A Room that was deleted or replaced without the bridge's notice is found out here; the message goes where it is now. */
  private async whereItIsNow(
    roomId: RoomId,
    conversation: FhirRef,
    send: (roomId: RoomId) => Promise<EventId>,
  ): Promise<EventId> {
    try {
      return await send(roomId);
    } catch (error) {
      if (!(error instanceof MatrixRefusal)) throw error;
      const now = await this.roomReconciler.reconcile(conversation);
      if (!now || now === roomId) throw error;
      return send(now);
    }
  }

  private async sendAs(
    { as, person }: Speaker,
    roomId: RoomId,
    message: Message,
    content: object,
    timestamp: number | undefined,
  ): Promise<EventId> {
    const { source, version, part } = message;
    const id = { roomId, as, transactionId: transactionId({ ghost: as, source, version, part }) };
    const send = async () => {
      const eventId = await this.rooms.send({ ...id, content, timestamp });
      this.endToEnd.arrived('to-matrix');
      return eventId;
    };
    return this.disclosures.ofMessage(message, roomId, () =>
      person ? this.voice.act(roomId, person, send) : send(),
    );
  }

  private async roomOf({ conversation }: Message): Promise<RoomId> {
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

  private async speakerOf({ author }: Message): Promise<Speaker> {
    if (!author) {
      // Without a device the homeserver forgets transaction ids when it is restarted.
      await this.ghosts.ensureDevice(this.config.bot);
      return { as: this.config.bot, person: undefined };
    }
    const person = await this.participants.find(author);
    if (!person) {
      throw new PermanentError('author-unknown', `${author} is not known`, {
        advice: 'The database does not know the author; resend the message from the FHIR server.',
      });
    }
    await this.ghosts.ensure(person);
    return { as: person.ghostUserId, person };
  }

  /**
   * A thread's messages name its root. For clients that know no threads each one is also a reply (Matrix specification,
   * "Threading"): to what it answers, or, falling back, to the root.
   */
  private async relation(message: Message): Promise<object> {
    const { inReplyTo, threadRoot } = message;
    const [answered, root] = await Promise.all([
      message.inReplyToEvent ?? (inReplyTo && this.links.eventOf(inReplyTo)),
      message.threadRootEvent ?? (threadRoot && this.links.eventOf(threadRoot)),
    ]);
    const reply = (eventId: EventId) => ({ 'm.in_reply_to': { event_id: eventId } });
    if (root) {
      const thread = { rel_type: 'm.thread', event_id: root, is_falling_back: !answered };
      return { 'm.relates_to': { ...thread, ...reply(answered ?? root) } };
    }
    return answered ? { 'm.relates_to': reply(answered) } : {};
  }
}

function versionOf({ version, versionAt }: Message): Version {
  return { version, versionAt: versionAt ? new Date(versionAt) : null };
}

function shownBy(message: Message) {
  return { ...versionOf(message), contentHash: contentHash(message.content, message.file) };
}
