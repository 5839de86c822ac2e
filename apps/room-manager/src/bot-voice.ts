import { Injectable, Logger } from '@nestjs/common';
import { EventId, MatrixEvent, RoomId, UserId } from '@bridge/contracts';
import { Answer, answerContent, replyRelation } from '@bridge/mapping';
import { Members, Rooms, isForbidden } from '@bridge/matrix';
import { GhostKeeper } from './ghost-keeper';
import { ManagerConfig } from './manager-config';

export interface Saying {
  readonly roomId: RoomId;
  /** The same id in the same Room is said once, also after a restart of bridge or homeserver. */
  readonly transactionId: string;
  readonly answer: Answer;
  /** Whose event it answers; not given: nobody's. */
  readonly to?: { readonly eventId: EventId; readonly sender: UserId; readonly event?: MatrixEvent };
}

/** What the bot says, always as a notice: no other bot answers that. */
@Injectable()
export class BotVoice {
  private readonly logger = new Logger(BotVoice.name);
  private device?: Promise<void>;

  constructor(
    private readonly ghosts: GhostKeeper,
    private readonly rooms: Rooms,
    private readonly members: Members,
    private readonly config: ManagerConfig,
  ) {}

  /** @returns undefined when the bot was removed in the meantime, or the Room was: nobody wants to hear it there */
  async say({ roomId, transactionId, answer, to }: Saying): Promise<EventId | undefined> {
    await this.ready();
    const relation = to ? replyRelation(to.eventId, to.sender, to.event) : { 'm.mentions': {} };
    const content = { ...answerContent(answer), ...relation };
    try {
      return await this.rooms.send({ roomId, as: this.config.bot, transactionId, content });
    } catch (error) {
      if (!isForbidden(error) || (await this.members.isIn(roomId, this.config.bot))) throw error;
      this.logger.log(`Something that the bot had to say in ${roomId} is not wanted there any more`);
      return undefined;
    }
  }

  /** Once per process the bot is made sure of, with its device, without which the homeserver forgets transaction ids. */
  private async ready(): Promise<void> {
    this.device ??= this.ghosts.ensureDevice(this.config.bot);
    try {
      await this.device;
    } catch (error) {
      this.device = undefined;
      throw error;
    }
  }
}

/** The transaction id of what is said about an event; the kind keeps two of them apart. */
export function aboutEvent(kind: string, eventId: EventId): string {
  return `${kind}.${encodeURIComponent(eventId.slice(1))}`;
}
