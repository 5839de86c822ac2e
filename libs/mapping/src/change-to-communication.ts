import { isDeepStrictEqual } from 'node:util';
import { EventId, FhirRef, MatrixEvent } from '@bridge/contracts';
import type { Communication, Practitioner } from '@medplum/fhirtypes';
import { fhirString } from './fhir-string';
import { isObject } from './is-object';
import type { MessageContent } from './message-content';
import { referenceTo } from './reference-to';

/** An edit (`m.replace`): which message it changes, and the message as it is now. */
export interface Edit {
  readonly target: EventId;
  /** The event with the new content in place of its own. */
  readonly replacement: MatrixEvent;
}

/** What an edit makes of a message. */
export interface Change {
  readonly content: MessageContent;
  /** Members whom the new text names. */
  readonly mentioned: readonly FhirRef[];
}

/** Why an edit changes nothing. */
export type NoChange = 'same-content' | 'not-the-sender' | 'redacted-before';

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
 * The record of a message after its edit; the server's history keeps what it was. What the message is part of and
 * answers stays: an edit cannot move it.
 * @param editor who edits; the edit of anybody but the sender is let through by homeservers and ignored by clients
 */
export function edited(
  record: Communication,
  { content, mentioned }: Change,
  editor: { readonly event: MatrixEvent; readonly resource: FhirRef | undefined },
): Communication | NoChange {
  if (!isSender(record, editor)) return 'not-the-sender';
  if (record.status === 'entered-in-error') return 'redacted-before';
  const note = content.missing ? [{ text: content.missing.note }] : undefined;
  const known = new Set(record.recipient?.map(({ reference }) => reference));
  const added = mentioned.filter((reference) => !known.has(reference));
  const recipient = [...(record.recipient ?? []), ...added.map((ref) => referenceTo<Practitioner>(ref))];
  const isSame = isDeepStrictEqual(record.payload, content.payload) && isDeepStrictEqual(record.note, note);
  if (isSame && added.length === 0) return 'same-content';
  return { ...record, payload: content.payload, note, ...(recipient.length > 0 ? { recipient } : {}) };
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

/** By Matrix id as well: the record may have come to know the sender since. */
function isSender(
  { sender }: Communication,
  { event, resource }: { readonly event: MatrixEvent; readonly resource: FhirRef | undefined },
): boolean {
  if (sender?.reference !== undefined) return sender.reference === resource;
  return sender?.identifier?.value === event.sender;
}
