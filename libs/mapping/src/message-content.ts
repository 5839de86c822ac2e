import { MatrixEvent, NoticeCode } from '@bridge/contracts';
import type { CommunicationPayload, Extension } from '@medplum/fhirtypes';
import { fhirString } from './fhir-string';
import { systems } from './fhir-systems';
import { isObject } from './is-object';
import { replyTarget } from './message-relations';
import { safeHtml } from './safe-html';

/** A payload whose text is there in HTML as well: FHIR writes extensions of a primitive beside it. */
export interface FormattedPayload extends CommunicationPayload {
  readonly _contentString?: { readonly extension: Extension[] };
}

/** What the record holds of a message. */
export interface MessageContent {
  readonly payload: FormattedPayload[];
  /** Set where the record holds less than was said. */
  readonly missing?: MissingContent;
}

export interface MissingContent {
  /** Why, for the record; holds nothing of the message. */
  readonly note: string;
  /** What the sender is told. */
  readonly notice: NoticeCode;
}

const textTypes = new Set(['m.text', 'm.emote', 'm.notice']);
const noText = '(no text)';
const htmlFormat = 'org.matrix.custom.html';

/** Where clients put the text of a poll: the stable fields, and those of MSC3381 (with MSC1767). */
const pollTexts = ['m.text', 'org.matrix.msc1767.text', 'body'] as const;

/** Reads what was said: text as it is, of anything else its text and a note of what is missing. */
export function readContent(event: MatrixEvent): MessageContent {
  if (event.type === 'm.room.encrypted') {
    return {
      payload: [{ contentString: '(could not be read)' }],
      missing: {
        note: 'Could not be read: the message is encrypted, and the bridge has no key to it.',
        notice: 'unreadable-encrypted',
      },
    };
  }
  if (event.type !== 'm.room.message') return unsupported(event.type, textBeside(event));
  const { msgtype, body } = event.content;
  const kind = typeof msgtype === 'string' ? msgtype : 'unknown';
  const text = typeof body === 'string' ? withoutQuote(event, body) : undefined;
  if (!textTypes.has(kind) || text === undefined) return unsupported(kind, text ?? '');
  return { payload: [{ contentString: fhirString(text) ?? noText, ...formatted(event) }] };
}

/** The body of a message without what it quotes: older clients put lines that start with `> ` before a reply, and an empty one. */
export function withoutQuote(event: MatrixEvent, body: string): string {
  if (!replyTarget(event) || !body.startsWith('> ')) return body;
  const lines = body.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('> ') && line !== '>');
  if (end === -1) return body;
  return lines.slice(lines[end] === '' ? end + 1 : end).join('\n');
}

function unsupported(kind: string, text: string): MessageContent {
  return {
    payload: [{ contentString: fhirString(text) ?? noText }],
    missing: {
      note: `Content that could not be recorded: ${fhirString(kind) ?? 'unknown'}`,
      notice: 'unsupported-content',
    },
  };
}

function formatted({ content }: MatrixEvent): Pick<FormattedPayload, '_contentString'> {
  const html = content.format === htmlFormat ? content.formatted_body : undefined;
  const safe = typeof html === 'string' ? safeHtml(html) : '';
  if (!safe) return {};
  return { _contentString: { extension: [{ url: systems.renderingXhtml, valueString: safe }] } };
}

/** The words that come with a sticker or a poll, for clients that cannot show it. */
function textBeside({ content }: MatrixEvent): string {
  const poll = content['m.poll'] ?? content['org.matrix.msc3381.poll.start'];
  const question = isObject(poll) ? poll.question : undefined;
  for (const source of [content, question]) {
    for (const field of pollTexts) {
      const text = isObject(source) ? textIn(source[field]) : undefined;
      if (text) return text;
    }
  }
  return '';
}

/** A text, or the plain one among representations of it (`[{"body": "…", "mimetype": "text/plain"}]`). */
function textIn(field: unknown): string | undefined {
  if (typeof field === 'string') return field;
  if (!Array.isArray(field)) return undefined;
  const plain: unknown = field.find(
    (each: unknown) => isObject(each) && (each.mimetype ?? 'text/plain') === 'text/plain',
  );
  return isObject(plain) && typeof plain.body === 'string' ? plain.body : undefined;
}
