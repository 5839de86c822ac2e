import { MatrixEvent, parseFhirRef } from '@bridge/contracts';
import type { Communication } from '@medplum/fhirtypes';
import type { Cause } from './audited-record';
import { type Said, personOf } from './said-in';

/** Somebody said something. */
export function causeOf(said: Said): Cause {
  const { event, conversation } = said;
  return {
    ...eventCause(event),
    by: personOf(event.sender, said) ?? event.sender,
    patient: conversation.subject,
  };
}

/** Somebody said what a record holds, or is to hold. */
export function causeOfRecord(event: MatrixEvent, { sender, subject }: Communication): Cause {
  return {
    ...eventCause(event),
    by: parseFhirRef(sender?.reference) ?? event.sender,
    patient: parseFhirRef(subject?.reference),
  };
}

function eventCause({ event_id: event, room_id: room }: MatrixEvent) {
  return { occasion: event, event, room };
}
