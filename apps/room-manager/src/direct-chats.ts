import { Injectable } from '@nestjs/common';
import { EventId, MatrixStateEvent, RoomId, UserId } from '@bridge/contracts';
import { usageOf } from '@bridge/mapping';
import { MatrixRefusal, Members, RoomState, Rooms } from '@bridge/matrix';
import { DirectChatStore } from '@bridge/persistence';
import { BotVoice, aboutEvent } from './bot-voice';
import { Languages } from './languages';
import { ManagerConfig } from './manager-config';

/** Rooms in which the bot and one person are among themselves. */
@Injectable()
export class DirectChats {
  constructor(
    private readonly chats: DirectChatStore,
    private readonly rooms: Rooms,
    private readonly members: Members,
    private readonly voice: BotVoice,
    private readonly languages: Languages,
    private readonly config: ManagerConfig,
  ) {}

  /**
   * Begins a direct chat in a room that the bot is in.
   * What counts is who is in it: clients say `is_direct` of rooms with several people as well, and leave it out of others.
   * @returns false when there is somebody else, or nobody any more
   */
  async begin(roomId: RoomId, person: UserId, invite: EventId): Promise<boolean> {
    const state = await this.rooms.state(roomId);
    const present = membersOf(state).filter((userId) => userId !== this.config.bot);
    if (present.length !== 1 || present[0] !== person) return false;
    const texts = await this.languages.textsFor(person);
    const isEncrypted = state.some(({ type }) => type === 'm.room.encryption');
    const text = isEncrypted
      ? texts.bot.encrypted
      : texts.bot.greeting(usageOf('help', this.config.botPrefix, texts));
    // Kept first: what answers the greeting is for the bot, which is asked for by this row. Not greeted yet, the person is
    // when the invite comes again.
    await this.chats.save(roomId, person);
    await this.voice.say({ roomId, transactionId: aboutEvent('greeting', invite), answer: { text } });
    return true;
  }

  /**
   * The bot was removed, or so an event says: it may be back since.
   * @returns whether the room is, or was, a direct chat
   */
  async end(roomId: RoomId): Promise<boolean> {
    if (!(await this.chats.find(roomId))) return false;
    if (!(await this.members.isIn(roomId, this.config.bot))) await this.chats.remove(roomId);
    return true;
  }

  /** The person is gone: the bot does not stay in an empty room. */
  async onMemberEvent({ room_id: roomId, state_key: person, content }: MatrixStateEvent): Promise<void> {
    if (content.membership !== 'leave' && content.membership !== 'ban') return;
    if ((await this.chats.find(roomId)) !== person) return;
    if (await this.members.isIn(roomId, person as UserId)) return;
    try {
      await this.rooms.leave(roomId, this.config.bot, '');
    } catch (error) {
      // Out of it already.
      if (!(error instanceof MatrixRefusal)) throw error;
    }
    await this.chats.remove(roomId);
  }
}

function membersOf(state: readonly RoomState[]): string[] {
  return state
    .filter(
      ({ type, content }) =>
        type === 'm.room.member' && (content.membership === 'join' || content.membership === 'invite'),
    )
    .map(({ state_key: userId }) => userId);
}
