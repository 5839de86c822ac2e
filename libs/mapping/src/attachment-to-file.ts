import { createHash } from 'node:crypto';
import { FhirRef, FileSource, typeOf } from '@bridge/contracts';
import type {
  Attachment,
  Communication,
  CommunicationPayload,
  CommunicationRequest,
  CommunicationRequestPayload,
  DiagnosticReport,
  DocumentReference,
  Media,
} from '@medplum/fhirtypes';
import type { Texts } from './texts/en';

/** A long text's further pieces have part numbers from here on: below it, a part is a position in the payload. */
export const partsOfPayload = 1_000;

/** What Matrix needs to know of an uploaded file. */
export interface UploadedFile {
  readonly mxc: string;
  /** `type/subtype` */
  readonly type: string;
  /** Bytes; undefined where nobody has counted. */
  readonly size: number | undefined;
}

type Payload = CommunicationPayload | CommunicationRequestPayload;

/**
 * Where the file of a payload is. What is inside the resource stays there, and is read by whoever uploads it.
 * @returns a source without URL when there is nothing to show; undefined for text
 */
export function fileSource(source: FhirRef, payload: Payload): FileSource | undefined {
  const { contentString, contentAttachment: attachment, contentReference: reference } = payload;
  if (contentString !== undefined) return undefined;
  if (attachment) {
    const { contentType, title, data, url } = attachment;
    if (data === undefined) return { url, contentType, title, hash: attachment.hash };
    return { url: source, contentType, title, hash: createHash('sha256').update(data).digest('base64') };
  }
  return { url: reference?.reference, title: reference?.display };
}

/** Resources that hold an attachment, or name one. */
export type AttachmentHolder =
  Communication | CommunicationRequest | DiagnosticReport | DocumentReference | Media;

const holders = new Set<string>([
  'Communication',
  'CommunicationRequest',
  'DiagnosticReport',
  'DocumentReference',
  'Media',
] satisfies AttachmentHolder['resourceType'][]);

/** Whether a reference leads to a resource that {@link attachmentIn} looks into, rather than to the bytes. */
export function holdsAttachment(ref: FhirRef): boolean {
  return holders.has(typeOf(ref));
}

/**
 * The attachment that a resource holds.
 * @param part of a message: position in its payload
 * @param position of a clinical resource: which of its attachments
 */
export function attachmentIn(resource: AttachmentHolder, part: number, position = 0): Attachment | undefined {
  switch (resource.resourceType) {
    case 'Communication':
    case 'CommunicationRequest':
      return resource.payload?.[part % partsOfPayload]?.contentAttachment;
    case 'DocumentReference':
      return resource.status === 'entered-in-error' ? undefined : resource.content[position]?.attachment;
    case 'DiagnosticReport':
      return resource.status === 'entered-in-error' ? undefined : resource.presentedForm?.[position];
    case 'Media':
      return resource.status === 'entered-in-error' ? undefined : resource.content;
  }
}

/** The content of a message that shows the file (Matrix specification, `m.room.message` msgtypes). */
export function fileContent(title: string, { mxc, type, size }: UploadedFile): Record<string, unknown> {
  const name = fileName(title);
  return {
    msgtype: messageTypeOf(type),
    body: name,
    filename: name,
    url: mxc,
    info: { mimetype: type, ...(size === undefined ? {} : { size }) },
  };
}

/** The line in place of a file that is not shown. */
export function notShown(title: string | undefined, texts: Texts): Record<string, unknown> {
  const name = title === undefined ? texts.files.unnamed : `“${fileName(title)}”`;
  return { msgtype: 'm.notice', body: texts.files.notShown(name) };
}

function messageTypeOf(type: string): 'm.image' | 'm.video' | 'm.audio' | 'm.file' {
  switch (type.slice(0, type.indexOf('/'))) {
    case 'image':
      return 'm.image';
    case 'video':
      return 'm.video';
    case 'audio':
      return 'm.audio';
    default:
      return 'm.file';
  }
}

const longestName = 255;

/** A title as clients may save a file under: on one line, without a path. */
function fileName(title: string): string {
  const name = title.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '').replace(/[/\\]/g, '_');
  // By code points: half of a surrogate pair is no text.
  return [...name.trim()].slice(0, longestName).join('') || '_';
}
