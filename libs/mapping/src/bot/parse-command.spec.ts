import { parseCommand } from './parse-command';

describe('a command', () => {
  it('has a name in any case, with or without a full stop', () => {
    expect(parseCommand('HELP')).toEqual({ name: 'help', words: [], rest: '' });
    expect(parseCommand(' Help! ')).toEqual({ name: 'help', words: [], rest: '' });
    expect(parseCommand('')).toEqual({ name: '', words: [], rest: '' });
  });

  it('has words, of which one in quotes of any kind is one', () => {
    const { words } = parseCommand(
      'link "Practitioner/1" “two words” „zwei Wörter“ ‘twee woorden’ \'three words\' @a:b',
    );
    expect(words).toEqual([
      'Practitioner/1',
      'two words',
      'zwei Wörter',
      'twee woorden',
      'three words',
      '@a:b',
    ]);
  });

  it('takes an apostrophe for what it is', () => {
    expect(parseCommand("new 's morgens 's avonds mother's pills")).toMatchObject({
      words: ["'s", 'morgens', "'s", 'avonds', "mother's", 'pills'],
      rest: "'s morgens 's avonds mother's pills",
    });
  });

  it('has a rest on one line, without quotes around the whole and with those within', () => {
    expect(parseCommand('new  "Wound on\nthe heel"').rest).toBe('Wound on the heel');
    expect(parseCommand('new the "wound" again').rest).toBe('the "wound" again');
    expect(parseCommand('"new" x')).toMatchObject({ name: 'new', rest: 'x' });
  });

  it('survives a quote that nobody closed', () => {
    expect(parseCommand('new "wound')).toMatchObject({ words: ['"wound'], rest: '"wound' });
  });
});
