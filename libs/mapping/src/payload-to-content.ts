import { FhirRef, FileSource, idOf, typeOf } from '@bridge/contracts';
import type { CommunicationPayload, CommunicationRequestPayload } from '@medplum/fhirtypes';
import { fileSource } from './attachment-to-file';

/** Marks a message with the resource it comes from: type and opaque id, nothing else. */
export const sourceField = 'nl.fhir-bridge.source';

/** One part of a payload as the content of an `m.room.message`. */
export interface MessagePart {
  readonly part: number;
  /** Of a file: without what only its upload tells. */
  readonly content: Record<string, unknown>;
  readonly file?: FileSource;
}

/** Turns the payload of a Communication or CommunicationRequest into messages, one for each part, in order. */
export function readPayload(
  source: FhirRef,
  payload: readonly (CommunicationPayload | CommunicationRequestPayload)[] = [],
): MessagePart[] {
  return payload.map((one, part) => {
    const file = fileSource(source, one);
    const marked = { [sourceField]: { type: typeOf(source), id: idOf(source) } };
    return file
      ? { part, content: marked, file }
      : { part, content: { msgtype: 'm.text', body: one.contentString, ...marked } };
  });
}
