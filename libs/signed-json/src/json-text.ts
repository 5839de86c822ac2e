const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
/** A number, or one of the three words of JSON. */
const LITERAL = /[^\s,\]}]+/y;
const SURROGATE = /[\ud800-\udfff]/;

/** A list or an object whose end has not come yet. */
interface Open {
  /** Of an object: what its fields hold, by their names. */
  readonly fields?: Map<string, string>;
  /** Of an object: the field whose value comes next. */
  name?: string;
  /** Of a list. */
  items: string;
}

/**
 * A JSON text in its canonical form (Matrix specification, appendix "Canonical JSON"): no white space, keys sorted by code
 * points, of a key that is there twice the last. Numbers stay as they were written: events of rooms before version 6 and
 * to-device messages may hold `1.0` or more than 2^53, which are other texts once JavaScript has read them, and what was
 * signed is the text.
 *
 * It keeps its own stack and joins texts without copying them, so that no nesting ends it or makes it slow.
 * @param json that JSON.parse takes
 */
export function canonicalText(json: string): string {
  const open: Open[] = [];
  let whole = '';
  const take = (value: string): void => {
    const inside = open.at(-1);
    if (!inside) whole = value;
    else if (!inside.fields) inside.items += inside.items === '' ? value : `,${value}`;
    else {
      inside.fields.set(inside.name ?? '', value);
      inside.name = undefined;
    }
  };
  for (let at = 0; at < json.length;) {
    switch (json.charCodeAt(at)) {
      case BRACE:
        open.push({ fields: new Map(), items: '' });
        at += 1;
        break;
      case BRACKET:
        open.push({ items: '' });
        at += 1;
        break;
      case BRACE_END:
      case BRACKET_END:
        take(closed(open.pop()));
        at += 1;
        break;
      case QUOTE: {
        const end = endOfString(json, at) + 1;
        const text = json.slice(at, end);
        const inside = open.at(-1);
        if (inside?.fields && inside.name === undefined) inside.name = decoded(text);
        else take(text.includes('\\') ? JSON.stringify(decoded(text)) : text);
        at = end;
        break;
      }
      default: {
        LITERAL.lastIndex = at;
        // What is between values: white space, commas, colons.
        const literal = isBetween(json.charCodeAt(at)) ? undefined : LITERAL.exec(json)?.[0];
        if (literal !== undefined) take(literal === '-0' ? '0' : literal);
        at += literal?.length ?? 1;
      }
    }
  }
  return whole;
}

/** Whether lists and objects are more than so many in one another. @param json that JSON.parse takes */
export function isDeeperThan(json: string, most: number): boolean {
  // Each has a beginning and an end.
  if (json.length <= 2 * most) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at);
    else if (code === BRACE || code === BRACKET) depth += 1;
    else if (code === BRACE_END || code === BRACKET_END) depth -= 1;
    if (depth > most) return true;
  }
  return false;
}

function closed(ended: Open | undefined): string {
  if (!ended?.fields) return `[${ended?.items ?? ''}]`;
  const names = [...ended.fields.keys()];
  // Homeservers send what they have signed: most are sorted already.
  if (names.some((name, index) => index > 0 && byCodePoint(names[index - 1]!, name) > 0))
    names.sort(byCodePoint);
  let text = '';
  for (const name of names) {
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:`;
    text += ended.fields.get(name)!;
  }
  return `{${text}}`;
}

/** UTF-16, JavaScript's own order, is another one where there are surrogates. */
function byCodePoint(one: string, other: string): number {
  if (SURROGATE.test(one) || SURROGATE.test(other))
    return Buffer.compare(Buffer.from(one), Buffer.from(other));
  return one < other ? -1 : Number(one > other);
}

function decoded(text: string): string {
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}

/** @param at where it begins @returns where its last quotation mark is */
function endOfString(json: string, at: number): number {
  for (let end = json.indexOf('"', at + 1); end > 0; end = json.indexOf('"', end + 1)) {
    let slashes = 0;
    while (json.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  throw new SyntaxError('A string without an end');
}

function isBetween(code: number): boolean {
  return code === 0x2c || code === 0x3a || code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
