import { type Expression, type ExpressionMistake, compileExpression } from './expression';
import type { Showing } from './show-value';

/** A template in its parts. */
type Part =
  | { readonly text: string }
  | { readonly expression: Expression }
  /** Shown only where each expression in it has a value. */
  | { readonly group: readonly Part[] };

/** A line with gaps, for resources of one type. */
export interface Template {
  readonly parts: readonly Part[];
}

interface Shown {
  readonly text: string;
  /** Whether every expression has a value, and whether any has. */
  readonly all: boolean;
  readonly any: boolean;
}

/** So many characters are one line to read; what is longer is a document. */
const longestLine = 2_000;

/**
 * Reads a template: text, with FHIRPath expressions in `{…}`, and with `[…]` around what is left out where an
 * expression in it has no value. `\` before one of these characters makes it text.
 * @param type of the resources that it is for
 * @returns every mistake in it
 */
export function compileTemplate(source: string, type: string): Template | readonly ExpressionMistake[] {
  const reader = new TemplateReader(source, type);
  const parts = reader.read();
  return reader.mistakes.length > 0 ? reader.mistakes : { parts };
}

/**
 * The line about a resource.
 * @returns undefined when no expression has a value: then there is nothing to say
 */
export function renderTemplate({ parts }: Template, resource: object, showing: Showing): string | undefined {
  const { text, any } = renderParts(parts, resource, showing);
  return any ? onOneLine(text) : undefined;
}

function renderParts(parts: readonly Part[], resource: object, showing: Showing): Shown {
  const shown = parts.map((part) => renderPart(part, resource, showing));
  return {
    text: shown.map(({ text }) => text).join(''),
    all: shown.every(({ all }) => all),
    any: shown.some(({ any }) => any),
  };
}

function renderPart(part: Part, resource: object, showing: Showing): Shown {
  if ('text' in part) return { text: part.text, all: true, any: false };
  if ('expression' in part) {
    const values = part.expression.valuesOf(resource, showing);
    return { text: values.join(', '), all: values.length > 0, any: values.length > 0 };
  }
  const { text, all, any } = renderParts(part.group, resource, showing);
  // To what is around it a group is whole, be it shown or not.
  return all && any ? { text, all: true, any } : { text: '', all: true, any: false };
}

/** Without line ends and whatever turns the direction of writing round; cut where it is no line any more. */
function onOneLine(text: string): string {
  const line = text
    .replace(/\p{Bidi_Control}/gu, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  const characters = [...line];
  return characters.length <= longestLine ? line : `${characters.slice(0, longestLine).join('')}…`;
}

class TemplateReader {
  readonly mistakes: ExpressionMistake[] = [];
  private at = 0;

  constructor(
    private readonly source: string,
    private readonly type: string,
  ) {}

  read(): Part[] {
    const parts = this.readParts();
    if (this.at < this.source.length) this.mistake(`has a ] without [ at character ${this.at + 1}`);
    return parts;
  }

  /** Up to the end, or up to the bracket that closes the group. */
  private readParts(): Part[] {
    const parts: Part[] = [];
    while (this.at < this.source.length && this.source[this.at] !== ']') {
      const character = this.source[this.at];
      if (character === '{') parts.push(...this.readExpression());
      else if (character === '[') parts.push(this.readGroup());
      else parts.push({ text: this.readText() });
    }
    return parts;
  }

  private readGroup(): Part {
    const start = this.at++;
    const group = this.readParts();
    if (this.source[this.at] === ']') this.at++;
    else this.mistake(`has a [ without ] at character ${start + 1}`);
    return { group };
  }

  private readText(): string {
    let text = '';
    while (this.at < this.source.length && !'{[]'.includes(this.source[this.at] ?? '')) {
      if (this.source[this.at] === '\\') this.at++;
      text += this.source[this.at++] ?? '';
    }
    return text;
  }

  /** FHIRPath has braces of its own, for nothing, and any in its quoted texts and names. */
  private readExpression(): Part[] {
    const start = this.at;
    const tokens = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[{}]|[^'`{}]+|['`]/gsy;
    tokens.lastIndex = start;
    let depth = 0;
    for (
      let token = tokens.exec(this.source)?.[0];
      token !== undefined;
      token = tokens.exec(this.source)?.[0]
    ) {
      if (token === '{') depth++;
      if (token === '}') depth--;
      if (depth === 0) return this.compile(this.source.slice(start + 1, (this.at = tokens.lastIndex) - 1));
    }
    this.at = this.source.length;
    this.mistake(`has a { without } at character ${start + 1}`);
    return [];
  }

  private compile(source: string): Part[] {
    const compiled = compileExpression(source.trim(), this.type);
    if ('valuesOf' in compiled) return [{ expression: compiled }];
    this.mistakes.push(...compiled);
    return [];
  }

  private mistake(problem: string): void {
    this.mistakes.push({
      problem,
      mend: 'close what is opened, or write \\ before a character that is text',
    });
  }
}
