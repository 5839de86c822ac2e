import type { Texts } from '../texts/en';
import type { Answer } from './answer';
import { BotPermission, isAllowed } from './bot-permission';
import { BotCommandName, botCommandNames, botCommands } from './commands';

/** How a command is written, e.g. `!care new <topic>`. */
export function usageOf(name: BotCommandName, prefix: string, { bot }: Texts): string {
  return ['`' + prefix, name, bot.commands[name].words].filter((part) => part !== '').join(' ') + '`';
}

/** The commands that somebody may use. */
export function helpAnswer(permission: BotPermission, prefix: string, texts: Texts): Answer {
  const names = botCommandNames.filter((name) => isAllowed(permission, botCommands[name].permission));
  return {
    text: texts.bot.help,
    items: names.map((name) => `${usageOf(name, prefix, texts)}: ${texts.bot.commands[name].purpose}`),
  };
}
