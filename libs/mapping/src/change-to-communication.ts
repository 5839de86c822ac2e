import { EventId, MatrixEvent } from '@bridge/contracts';
import type { Communication } from '@medplum/fhirtypes';
import { fhirString } from './fhir-string';

/** An edit (`m.replace`): which message it changes, and the message as it is now. */
export interface Edit {
  readonly target: EventId;
  /** The event with the new content in place of its own. */
  readonly replacement: MatrixEvent;
}

/**
 * Reads an edit (Matrix specification, "Event replacements").
 * @returns undefined when the message is no edit
 */
export function readEdit(event: MatrixEvent): Edit | undefined {
  const relation = event.content['m.relates_to'];
  if (!isObject(relation) || relation.rel_type !== 'm.replace') return undefined;
  const target = EventId.safeParse(relation.event_id).data;
  const content = event.content['m.new_content'];
  return target && isObject(content) ? { target, replacement: { ...event, content } } : undefined;
}

/**
 * The record of a message after its edit; the server's history keeps what it was.
 * @param replacement the record that the new content alone would have
 * @returns undefined when there is nothing to change: the same text, a redacted message, or somebody else's edit,
 * which homeservers let through and clients ignore
 */
export function edited(record: Communication, replacement: Communication): Communication | undefined {
  const isSender =
    record.sender?.reference === replacement.sender?.reference &&
    record.sender?.identifier?.value === replacement.sender?.identifier?.value;
  const isSame = record.payload?.[0]?.contentString === replacement.payload?.[0]?.contentString;
  if (!isSender || isSame || record.status === 'entered-in-error') return undefined;
  return { ...record, payload: replacement.payload, note: replacement.note };
}

/** The event that a redaction takes back: in the content since room version 11, beside it before. */
export function redactionTarget(event: MatrixEvent): EventId | undefined {
  return EventId.safeParse(event.content.redacts ?? event.redacts).data;
}

/** The record of a message after its redaction: without its content. Undefined when it was redacted already. */
export function redacted(record: Communication, redaction: MatrixEvent): Communication | undefined {
  if (record.status === 'entered-in-error') return undefined;
  const { reason } = redaction.content;
  const text = (typeof reason === 'string' ? fhirString(reason) : undefined) ?? 'Redacted in Matrix';
  return {
    ...record,
    status: 'entered-in-error',
    statusReason: { text },
    payload: undefined,
    note: undefined,
  };
}

/** Whether the homeserver delivers the message without its content, since it was taken back in the meantime. */
export function wasRedacted(event: MatrixEvent): boolean {
  return isObject(event.unsigned) && event.unsigned.redacted_because !== undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
