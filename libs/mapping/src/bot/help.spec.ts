import { textsIn } from '../texts/texts';
import { botCommandNames, botCommands, isBotCommandName } from './commands';
import { helpAnswer, usageOf } from './help';

const en = textsIn('en');

describe('help', () => {
  it('is made from the definitions: one line for each command that somebody may use', () => {
    const admin = helpAnswer('admin', '!care', en);
    expect(admin.items?.map((line) => /`!care (\w+)/.exec(line)?.[1])).toEqual(botCommandNames);
    const user = helpAnswer('user', '!care', en).items ?? [];
    expect(user).toHaveLength(
      botCommandNames.filter((name) => botCommands[name].permission === 'user').length,
    );
    expect(user.join('\n')).not.toContain('unlink');
  });

  it('says how each is written, with the configured prefix', () => {
    expect(usageOf('new', '!zorg', en)).toBe('`!zorg new <topic>`');
    expect(usageOf('status', '!zorg', en)).toBe('`!zorg status`');
  });
});

describe('a command name', () => {
  it('is one of the definitions, not what every object has', () => {
    expect(isBotCommandName('whoami')).toBe(true);
    for (const name of ['toString', 'constructor', '__proto__', 'Whoami', ''])
      expect(isBotCommandName(name)).toBe(false);
  });
});
