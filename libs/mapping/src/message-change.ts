import { createHash } from 'node:crypto';
import { EventId, type FileSource } from '@bridge/contracts';
import { maxContentBytes } from './long-text';

type Content = Readonly<Record<string, unknown>>;

/** A version of a resource, as far as it tells which of two is the later one. */
export interface Version {
  readonly version: string;
  /** When the server wrote it; null: not known. */
  readonly versionAt: Date | null;
}

/** So much of a text is shown by clients that know no edits, where all of it would not fit twice. */
const fallbackLength = 200;

/**
 * Names what a message says, so that a new version that says the same is not sent again: its words, their form and
 * its file. Whom it mentions and what it answers is not part of it: nobody is to be told twice.
 */
export function contentHash(content: Content, file?: FileSource): string {
  const said = without(content, 'm.mentions', 'm.relates_to');
  const facts = Object.entries(said).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([facts, file ?? null]))
    .digest('base64url');
}

/**
 * The content of the event that puts new words in the place of a message (Matrix specification, "Event replacements").
 * Its own text is what clients show that know no edits.
 * @param original the event of the message as it was first said
 */
export function replacement(content: Content, original: EventId): Record<string, unknown> {
  const newContent = without(content, 'm.relates_to');
  const relation = { rel_type: 'm.replace', event_id: original };
  // Whoever is mentioned was told when it was first said.
  const edit = { 'm.mentions': {}, 'm.new_content': newContent, 'm.relates_to': relation };
  const full = { ...newContent, ...starred(content), ...edit };
  if (Buffer.byteLength(JSON.stringify(full)) <= maxContentBytes) return full;
  const plain = without(newContent, 'format', 'formatted_body');
  const start = [...textOf(content.body)].slice(0, fallbackLength).join('');
  return { ...plain, body: `* ${start} …`, ...edit };
}

/** Whether a version is older than what Matrix shows already: then it changes nothing. */
export function isOutdated(version: Version, shown: Version): boolean {
  if (!version.versionAt || !shown.versionAt) return false;
  const difference = version.versionAt.getTime() - shown.versionAt.getTime();
  if (difference !== 0) return difference < 0;
  // Two versions within one tick of the server's clock: most servers count.
  const [one, other] = [Number(version.version), Number(shown.version)];
  return Number.isInteger(one) && Number.isInteger(other) && one < other;
}

/** Of several versions the latest one. */
export function latest<V extends Version>(versions: readonly V[]): V | undefined {
  return versions.reduce<V | undefined>(
    (best, each) => (!best?.versionAt || isOutdated(best, each) ? each : best),
    undefined,
  );
}

function starred({ body, formatted_body: html }: Content): Record<string, unknown> {
  return {
    body: `* ${textOf(body)}`,
    ...(typeof html === 'string' ? { formatted_body: `* ${html}` } : {}),
  };
}

function without(content: Content, ...fields: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(content).filter(([field]) => !fields.includes(field)));
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : '';
}
