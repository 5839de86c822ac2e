import { createHash } from 'node:crypto';
import { FhirRef, type FileSource, idOf, typeOf } from '@bridge/contracts';
import type { CommunicationPayload, CommunicationRequestPayload, Element } from '@medplum/fhirtypes';
import { fileSource, partsOfPayload } from './attachment-to-file';
import { type FormattedText, readText } from './formatted-text';
import { systems } from './fhir-systems';
import { jsonBytes, maxContentBytes, maxPieces, splitText } from './long-text';

/** Marks a message with the resource it comes from: type and opaque id, nothing else. */
export const sourceField = 'nl.fhir-bridge.source';

/** One part of a payload as the content of an `m.room.message`. */
export interface MessagePart {
  /** Its position in the payload, and 1,000 for each further piece of a long text. */
  readonly part: number;
  /** Of a file: without what only its upload tells. */
  readonly content: Record<string, unknown>;
  /** What has to be uploaded for it. */
  readonly file?: FileSource;
}

type Payload = CommunicationPayload | CommunicationRequestPayload;
type Content = Omit<MessagePart, 'part'>;

/** Of the content's JSON beside the text: its type, its format and its source. */
const wrappingBytes = 512;

/** Turns the payload of a Communication or CommunicationRequest into messages, one or more for each part, in order. */
export function readPayload(source: FhirRef, payload: readonly Payload[] = []): MessagePart[] {
  return payload.slice(0, partsOfPayload).flatMap((one, position) =>
    contentsOf(source, one).map(({ content, ...file }, piece) => ({
      part: position + piece * partsOfPayload,
      content: { ...content, [sourceField]: { type: typeOf(source), id: idOf(source) } },
      ...file,
    })),
  );
}

/** Compares two part numbers by when they are said: the pieces of a long text one after the other. */
export function inOrderOfParts(one: number, other: number): number {
  return (one % partsOfPayload) - (other % partsOfPayload) || one - other;
}

/** The text of one part of a payload, as it is attached where it is too long to be said. */
export function textOfPart(payload: readonly Payload[] = [], part: number): string | undefined {
  const one = payload[part % partsOfPayload];
  return one && textOf(one)?.body;
}

function contentsOf(source: FhirRef, payload: Payload): Content[] {
  const text = textOf(payload);
  if (text) return textContents(source, text);
  const file = fileSource(source, payload);
  return file ? [{ content: {}, file }] : [];
}

function textOf(payload: Payload): FormattedText | undefined {
  const { _contentString: element } = payload as { _contentString?: Element };
  const xhtml = element?.extension?.find(({ url }) => url === systems.renderingXhtml)?.valueString;
  return readText(payload.contentString, xhtml);
}

/** One message where that fits; else its words alone, in pieces; else a file. */
function textContents(source: FhirRef, { body, html }: FormattedText): Content[] {
  const plain = { msgtype: 'm.text', body };
  const formatted = { ...plain, format: 'org.matrix.custom.html', formatted_body: html };
  const room = maxContentBytes - wrappingBytes;
  if (html !== undefined && jsonBytes(body) + jsonBytes(html) <= room) return [{ content: formatted }];
  const pieces = splitText(body, room);
  if (pieces.length > maxPieces) return [asFile(source, body)];
  return pieces.map((piece) => ({ content: { ...plain, body: piece } }));
}

/** The text itself stays where it is, and is read there by whoever uploads it: it may be too long for the queue. */
function asFile(source: FhirRef, text: string): Content {
  const name = 'message.txt';
  const info = { mimetype: 'text/plain', size: Buffer.byteLength(text) };
  const hash = createHash('sha256').update(text).digest('base64');
  return {
    content: { msgtype: 'm.file', body: name, filename: name, info },
    file: { url: source, contentType: 'text/plain; charset=utf-8', title: name, hash },
  };
}
