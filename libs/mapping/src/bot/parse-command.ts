/** What somebody asks of the bot, taken apart. */
export interface ParsedCommand {
  /** In lower case; empty when nothing was said. */
  readonly name: string;
  /** The words after it; what stands in quotes is one word. */
  readonly words: readonly string[];
  /** Everything after it, on one line and without quotes around the whole. */
  readonly rest: string;
}

/** Quotes as keyboards and phones make them: straight, English, German, Dutch. */
const quoted = /"([^"]*)"|“([^”]*)”|„([^“”"]*)[“”"]|‘([^’]*)’|'([^']*)'(?=\s|$)|(\S+)/gu;

/** Takes a command apart, as people write it: any case, any quotes, a full stop at the end of the name. */
export function parseCommand(text: string): ParsedCommand {
  const line = text.replace(/\s+/g, ' ').trim();
  const [first] = wordsOf(line);
  if (!first) return { name: '', words: [], rest: '' };
  const after = line.slice(first.end).trim();
  return {
    name: first.word.toLowerCase().replace(/[.,:;!?]+$/, ''),
    words: wordsOf(after).map(({ word }) => word),
    rest: withoutOuterQuotes(after),
  };
}

function wordsOf(line: string): { readonly word: string; readonly end: number }[] {
  return [...line.matchAll(quoted)].map((match) => ({
    word: match.slice(1).find((group) => group !== undefined) ?? '',
    end: match.index + match[0].length,
  }));
}

function withoutOuterQuotes(text: string): string {
  const words = wordsOf(text);
  return words.length === 1 ? words[0]!.word.trim() : text;
}
