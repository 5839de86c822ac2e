import { Injectable } from '@nestjs/common';
import { MatrixEvent } from '@bridge/contracts';
import { readBotCommand } from '@bridge/mapping';
import { CareTeamStore, DirectChatStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import { MapperConfig } from './mapper-config';
import { SenderCheck } from './sender-check';

/** What is said to the bot is not recorded: it goes to room-manager, which is the bot. */
@Injectable()
export class BotForwarder {
  constructor(
    private readonly directChats: DirectChatStore,
    private readonly careTeams: CareTeamStore,
    private readonly senders: SenderCheck,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
  ) {}

  async forward(event: MatrixEvent): Promise<'bot-command'> {
    await this.publisher.publish('command.bot', event.room_id, { event }, { id: event.event_id });
    return 'bot-command';
  }

  /** Of a room that is no conversation only two kinds are known: the bot's direct chats, and Spaces. */
  async forwardFromElsewhere(
    event: MatrixEvent,
  ): Promise<'bot-command' | 'foreign-room' | 'sender-not-in-room'> {
    const isDirect = (await this.directChats.find(event.room_id)) !== undefined;
    if (!isDirect && !(await this.careTeams.hasSpace(event.room_id))) return 'foreign-room';
    const command = readBotCommand(event, this.config.botPrefix, isDirect);
    if (command === undefined) return 'foreign-room';
    if (!(await this.senders.isReal(event, []))) return 'sender-not-in-room';
    return this.forward(event);
  }
}
