import { Injectable } from '@nestjs/common';
import type { MatrixEvent } from '@bridge/contracts';
import {
  BotCommandName,
  Texts,
  botCommands,
  isAllowed,
  isBotCommandName,
  parseCommand,
  permissionOf,
  readBotCommand,
  usageOf,
  wasRedacted,
} from '@bridge/mapping';
import { ToldOnceStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import type { BotHandler, BotReply, BotRequest } from './bot/bot-request';
import { ConversationCommands } from './bot/conversation-commands';
import { LookingCommands } from './bot/looking-commands';
import { Places } from './bot/place';
import { RecordCommands } from './bot/record-commands';
import { SettingsCommands } from './bot/settings-commands';
import { StatusCommand } from './bot/status-command';
import { BotVoice, aboutEvent } from './bot-voice';
import { Languages } from './languages';
import { ManagerConfig } from './manager-config';

/** What people ask of the bot. Nothing of it is in the record, the logs or the metrics but the command's name. */
@Injectable()
export class BotCommands {
  private readonly handlers: Readonly<Record<BotCommandName, BotHandler>>;
  private readonly asked;

  constructor(
    looking: LookingCommands,
    status: StatusCommand,
    conversations: ConversationCommands,
    record: RecordCommands,
    settings: SettingsCommands,
    private readonly places: Places,
    private readonly voice: BotVoice,
    private readonly languages: Languages,
    private readonly tellings: ToldOnceStore,
    private readonly config: ManagerConfig,
    metrics: Metrics,
  ) {
    this.handlers = {
      help: (request) => looking.help(request),
      status: (request) => status.run(request),
      whoami: (request) => looking.whoami(request),
      members: (request) => looking.members(request),
      new: (request) => conversations.start(request),
      archive: (request) => conversations.archive(request),
      resend: (request) => record.resend(request),
      language: (request) => settings.language(request),
      link: (request) => settings.link(request),
      unlink: (request) => settings.unlink(request),
      resync: (request) => record.resync(request),
    };
    this.asked = metrics.counter('bridge_bot_commands_total', 'Messages to the bot, by what they asked for', [
      'command',
    ]);
  }

  /**
   * Does what a message asks, and answers it. The answer's transaction id is made of the message's event: a command that
   * comes again is done again, which changes nothing, and is answered once.
   */
  async run(event: MatrixEvent): Promise<void> {
    const place = await this.places.of(event.room_id);
    if (!place || wasRedacted(event)) return;
    const said = readBotCommand(event, this.config.botPrefix, place.kind === 'direct');
    if (said === undefined) return;
    const permission = permissionOf(event.sender, this.config.permissions);
    const texts = await this.languages.textsFor(event.sender);
    if (permission === 'none') return this.sayOnce(event, 'not-allowed', texts.bot.notAllowed);
    if (event.type === 'm.room.encrypted') return this.sayOnce(event, 'encrypted', texts.bot.encrypted);
    const { name, words, rest } = parseCommand(said);
    await this.answer(event, name, { event, sender: event.sender, place, permission, texts, words, rest });
  }

  private async answer(event: MatrixEvent, name: string, request: BotRequest): Promise<void> {
    const { texts } = request;
    const command = name === '' ? 'help' : name;
    this.asked.inc({ command: isBotCommandName(command) ? command : 'unknown' });
    const reply = isBotCommandName(command)
      ? await this.replyTo(command, request)
      : { text: texts.bot.unknownCommand(this.usage('help', texts)) };
    if (reply === 'later') return;
    if (reply !== 'misused') return this.say(event, reply);
    const usage = this.usage(command as BotCommandName, texts);
    await this.say(event, { text: texts.bot.usage(usage) });
  }

  private async replyTo(name: BotCommandName, request: BotRequest): Promise<BotReply> {
    const {
      permission,
      words: [least, most],
    } = botCommands[name];
    if (!isAllowed(request.permission, permission)) return { text: request.texts.bot.adminsOnly };
    const { length } = request.words;
    return length < least || length > most ? 'misused' : this.handlers[name](request);
  }

  private usage(name: BotCommandName, texts: Texts): string {
    return usageOf(name, this.config.botPrefix, texts);
  }

  /** Noted after it was said, so that it is never noted and not said. */
  private async sayOnce(event: MatrixEvent, notice: string, text: string): Promise<void> {
    const telling = { roomId: event.room_id, userId: event.sender, notice };
    if (await this.tellings.wasTold(telling)) return;
    await this.say(event, { text });
    await this.tellings.told(telling);
  }

  private async say(event: MatrixEvent, answer: Exclude<BotReply, string>): Promise<void> {
    const { event_id: eventId, room_id: roomId, sender } = event;
    const transactionId = aboutEvent('bot', eventId);
    await this.voice.say({ roomId, transactionId, answer, to: { eventId, sender, event } });
  }
}
