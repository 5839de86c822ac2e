import type { BotPermission } from './bot-permission';

export interface CommandDefinition {
  /** What somebody needs at least. */
  readonly permission: Exclude<BotPermission, 'none'>;
  /** How many words may follow the name. The topic of a conversation is any number of them. */
  readonly words: readonly [least: number, most: number];
}

/**
 * Every command of the bot, in the order of `help`, which is made from this table. Each has its texts in every language
 * and its handler in room-manager: the compiler asks for both.
 */
export const botCommands = {
  help: { permission: 'user', words: [0, 0] },
  status: { permission: 'user', words: [0, 0] },
  whoami: { permission: 'user', words: [0, 0] },
  members: { permission: 'user', words: [0, 0] },
  new: { permission: 'user', words: [1, Infinity] },
  archive: { permission: 'user', words: [0, 0] },
  resend: { permission: 'user', words: [0, 1] },
  language: { permission: 'user', words: [1, 1] },
  link: { permission: 'admin', words: [1, 2] },
  unlink: { permission: 'admin', words: [1, 1] },
  resync: { permission: 'admin', words: [0, 0] },
} as const satisfies Record<string, CommandDefinition>;

export type BotCommandName = keyof typeof botCommands;

export const botCommandNames = Object.keys(botCommands) as BotCommandName[];

export function isBotCommandName(name: string): name is BotCommandName {
  return Object.hasOwn(botCommands, name);
}
