/**
 * What the content of a message may take of the 65,536 bytes that an event has (Matrix specification, "Size limits"),
 * in bytes of JSON. The rest is for its relation and mentions, and for what homeservers add: hashes, signatures and the
 * ids of earlier events.
 */
export const maxContentBytes = 56 * 1024;

/** More pieces than this are no message any more but a document. */
export const maxPieces = 8;

/** A cut is made at a boundary between words only where that leaves at least this share of the room used. */
const leastShare = 0.5;
/** Longest cluster of code points (an emoji with its modifiers, letters with their marks) that is kept in one piece. */
const longestCluster = 256;

const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Bytes that a text takes in a JSON string, without its quotation marks. */
export function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

/**
 * Cuts a text into pieces of at most so many bytes of JSON, in order: between paragraphs where that can be, else
 * between lines, else between words, else between characters as people see them. White space at a cut is dropped, and
 * nothing else. No piece is empty; a text of white space alone gives none.
 */
export function splitText(text: string, maxBytes: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const room = lengthThatFits(rest, maxBytes);
    const end = room === rest.length ? room : cutBefore(rest, room);
    const piece = pieces.length === 0 && end === rest.length ? rest : rest.slice(0, end).trim();
    if (piece !== '') pieces.push(piece);
    rest = rest.slice(end).trimStart();
  }
  return pieces;
}

/** How many UTF-16 units from the start fit; ends between code points, and takes one at least. */
function lengthThatFits(text: string, maxBytes: number): number {
  // Three bytes per unit at most, but for what JSON escapes: then it is counted.
  if (text.length * 6 <= maxBytes) return text.length;
  let bytes = 0;
  let length = 0;
  for (const codePoint of text) {
    bytes += bytesOf(codePoint);
    if (bytes > maxBytes && length > 0) return length;
    length += codePoint.length;
  }
  return length;
}

function bytesOf(codePoint: string): number {
  const code = codePoint.codePointAt(0) ?? 0;
  if (code < 0x20 || codePoint === '"' || codePoint === '\\') return jsonBytes(codePoint);
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  // Half a surrogate pair is written as \udXXX.
  if (code >= 0xd800 && code <= 0xdfff) return 6;
  return code < 0x10000 ? 3 : 4;
}

/** The best place for a cut at or before `end`. */
function cutBefore(text: string, end: number): number {
  const head = text.slice(0, end);
  const least = end * leastShare;
  const paragraph = head.lastIndexOf('\n\n');
  if (paragraph >= least) return paragraph;
  const line = head.lastIndexOf('\n');
  if (line >= least) return line;
  // The room may end just where a word does.
  if (/\s/.test(text[end] ?? '')) return end;
  const word = /\s\S*$/.exec(head.slice(Math.floor(least)));
  if (word) return Math.floor(least) + word.index;
  return clusterBoundary(text, end);
}

/** The last boundary between clusters at or before `end`; `end` itself where a cluster is longer than any real one. */
function clusterBoundary(text: string, end: number): number {
  let from = Math.max(0, end - longestCluster);
  if (isLowSurrogate(text, from)) from += 1;
  const boundaries = [...clusters.segment(text.slice(from, end + longestCluster))]
    .map(({ index }) => from + index)
    .filter((boundary) => boundary > from && boundary <= end);
  return boundaries.at(-1) ?? end;
}

function isLowSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return at > 0 && code >= 0xdc00 && code <= 0xdfff;
}
