import { FhirRef, idOf, typeOf } from '@bridge/contracts';
import type { CommunicationPayload, CommunicationRequestPayload } from '@medplum/fhirtypes';

/** Marks a message with the resource it comes from: type and opaque id, nothing else. */
export const sourceField = 'nl.fhir-bridge.source';

/** One part of a payload as the content of an `m.room.message`. */
export interface MessagePart {
  readonly part: number;
  readonly content: Record<string, unknown>;
}

/** Turns the payload of a Communication or CommunicationRequest into messages, one for each part, in order. */
export function readPayload(
  source: FhirRef,
  payload: readonly (CommunicationPayload | CommunicationRequestPayload)[] = [],
): MessagePart[] {
  return payload.map((one, part) => ({
    part,
    content: {
      ...(one.contentString === undefined ? notShown(one) : { msgtype: 'm.text', body: one.contentString }),
      [sourceField]: { type: typeOf(source), id: idOf(source) },
    },
  }));
}

function notShown(payload: CommunicationPayload | CommunicationRequestPayload): Record<string, unknown> {
  const title = payload.contentAttachment?.title ?? payload.contentReference?.display;
  const what = title ? `“${title}”` : 'An attachment';
  return { msgtype: 'm.notice', body: `${what} is in the record and cannot be shown here.` };
}
