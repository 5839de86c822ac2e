import type { MatrixEvent, NoticeCode } from '@bridge/contracts';
import type { Attachment, Communication, CommunicationPayload, DocumentReference } from '@medplum/fhirtypes';
import type { Change } from './change-to-communication';
import { fhirString } from './fhir-string';
import { isObject } from './is-object';
import { type FormattedPayload, readContent } from './message-content';

/** A file as somebody offers it in Matrix. */
export interface OfferedFile {
  /** Its name, as FHIR may hold it. */
  readonly title: string;
  /** What the sender says about it. */
  readonly caption: FormattedPayload | undefined;
  /** `mxc://…`; undefined when it is encrypted, or the message names none. */
  readonly mxc: string | undefined;
  /** What the message says of its type, unchecked; undefined: nothing. */
  readonly declaredType: unknown;
}

/** Why a file is not in the record, though its name is. */
export type FileRefusal = Extract<NoticeCode, 'file-too-large' | 'file-type-refused' | 'file-unavailable'>;

/** `file-late`: its homeserver is away, and the file is put into the record when it is back. */
export type FileOutcome = 'file-stored' | 'file-late' | FileRefusal;

const fileTypes = new Set(['m.image', 'm.file', 'm.audio', 'm.video']);

/** Texts of `Communication.note`; in English, as everything that the bridge writes into the record. */
const notes: Readonly<Record<Exclude<FileOutcome, 'file-stored'>, string>> = {
  'file-too-large': 'The file could not be recorded: it is larger than allowed.',
  'file-type-refused': 'The file could not be recorded: files of its type are not allowed.',
  'file-unavailable': 'The file could not be recorded: it is encrypted, or not available any more.',
  'file-late': 'The file is not recorded yet: the homeserver that holds it cannot be reached.',
};

/** Reads `m.image`, `m.file`, `m.audio` (also voice messages) and `m.video`; undefined for every other message. */
export function offeredFile(event: MatrixEvent): OfferedFile | undefined {
  const { msgtype, body, filename, url, file, info } = event.content;
  if (typeof msgtype !== 'string' || !fileTypes.has(msgtype)) return undefined;
  const text = typeof body === 'string' ? fhirString(body) : undefined;
  const name = typeof filename === 'string' ? fhirString(filename) : undefined;
  return {
    title: name ?? text ?? '(no name)',
    // Matrix 1.10, "Media captions": beside a `filename` of its own, the body is what is said.
    caption: name !== undefined && text !== undefined && body !== filename ? captionOf(event) : undefined,
    mxc: typeof url === 'string' && file === undefined ? url : undefined,
    declaredType: isObject(info) ? (info.mimetype ?? undefined) : undefined,
  };
}

/** The record of a message with a file that is stored: its attachment, or a reference to its document. */
export function withFile(
  communication: Communication,
  { caption }: OfferedFile,
  stored: CommunicationPayload,
): Communication {
  return { ...communication, payload: [stored, ...captionPayload(caption)], note: undefined };
}

/** The record of a message whose file is not stored: it tells the file's name, and why. */
export function withoutFile(
  communication: Communication,
  { title, caption }: OfferedFile,
  outcome: Exclude<FileOutcome, 'file-stored'>,
): Communication {
  return {
    ...communication,
    payload: [{ contentString: title }, ...captionPayload(caption)],
    note: [{ text: notes[outcome] }],
  };
}

/** A record that waited for its file, with what became of it; its caption may have been edited in the meantime. */
export function withLateFile(
  record: Communication,
  outcome: CommunicationPayload | FileRefusal,
): Communication {
  if (typeof outcome === 'string') return { ...record, note: [{ text: notes[outcome] }] };
  return { ...record, payload: [outcome, ...(record.payload ?? []).slice(1)], note: undefined };
}

/** Whether a record holds the file, not only its name. */
export function holdsFile({ payload = [] }: Communication): boolean {
  return payload.some(({ contentAttachment, contentReference }) => contentAttachment ?? contentReference);
}

/**
 * What the edit of a file's message makes of its record: another caption, of the same file.
 * @param change what the new content alone would make of it
 */
export function recaptioned(record: Communication, event: MatrixEvent, change: Change): Change {
  const file = offeredFile(event);
  const [kept] = record.payload ?? [];
  if (!file || !kept) return change;
  const payload = [kept, ...captionPayload(file.caption)];
  const [note] = record.note ?? [];
  if (!note) return { ...change, content: { payload } };
  // The file is missing as before; its sender was told then.
  return { ...change, content: { payload, missing: { note: note.text, notice: 'file-unavailable' } } };
}

/** A large file as a document of its own (R4, DocumentReference). To be created only if none has its identifier yet. */
export function toDocumentReference(communication: Communication, attachment: Attachment): DocumentReference {
  const { meta, identifier, subject, sender, encounter, sent } = communication;
  return {
    resourceType: 'DocumentReference',
    meta,
    identifier,
    status: 'current',
    ...(subject ? { subject: subject } : {}),
    ...(sender ? { author: [sender] as DocumentReference['author'] } : {}),
    ...(sent ? { date: sent } : {}),
    content: [{ attachment }],
    ...(encounter ? { context: { encounter: [encounter] } } : {}),
  };
}

/** The document of a file whose message was taken back; undefined when it is withdrawn already. */
export function withdrawn(document: DocumentReference): DocumentReference | undefined {
  return document.status === 'entered-in-error' ? undefined : { ...document, status: 'entered-in-error' };
}

/** As the record holds it of a message that says nothing else. */
function captionOf(event: MatrixEvent): FormattedPayload | undefined {
  return readContent({ ...event, content: { ...event.content, msgtype: 'm.text' } }).payload[0];
}

function captionPayload(caption: FormattedPayload | undefined): FormattedPayload[] {
  return caption === undefined ? [] : [caption];
}
