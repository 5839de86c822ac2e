import { EventId, FhirRef, MatrixEvent, typeOf } from '@bridge/contracts';
import type { Communication, Reference } from '@medplum/fhirtypes';
import { fhirString } from './fhir-string';
import { fromMatrix, systems } from './fhir-systems';

/** What the bridge knows of the Room an event was said in. */
export interface MessageContext {
  /** A CommunicationRequest, or a CareTeam for its general room. */
  readonly conversation: FhirRef;
  readonly careTeam: FhirRef | null;
  readonly subject: FhirRef | null;
  readonly encounter: FhirRef | null;
  readonly parties: readonly FhirRef[];
  /** The sender's resource; undefined: somebody the record does not know. */
  readonly sender: FhirRef | undefined;
  readonly inResponseTo: FhirRef | undefined;
  /** Our server name, for meta.source. */
  readonly serverName: string;
}

/** The last instant that FHIR can write (four digits of year); Matrix allows a sender to claim a later one. */
const lastFhirInstant = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const textTypes = new Set(['m.text', 'm.emote', 'm.notice']);

/** The record of a Matrix message. To be created only if none has its identifier yet. */
export function toCommunication(event: MatrixEvent, context: MessageContext): Communication {
  const recipients = context.careTeam
    ? [context.careTeam]
    : context.parties.filter((party) => party !== context.sender);
  return {
    resourceType: 'Communication',
    meta: {
      source: `urn:fhir-matrix-bridge:${context.serverName}`,
      tag: [{ system: systems.bridgeTag, code: fromMatrix }],
    },
    identifier: [{ system: systems.eventId, value: event.event_id }],
    status: 'completed',
    ...(typeOf(context.conversation) === 'CommunicationRequest'
      ? { partOf: [{ reference: context.conversation }] }
      : {}),
    ...(context.inResponseTo ? { inResponseTo: [{ reference: context.inResponseTo }] } : {}),
    ...(context.subject ? { subject: { reference: context.subject } } : {}),
    ...(context.encounter ? { encounter: { reference: context.encounter } } : {}),
    sender: senderOf(event, context.sender) as Communication['sender'],
    // FHIR allows no empty list.
    ...(recipients.length > 0 ? { recipient: recipients.map((reference) => ({ reference })) } : {}),
    ...(event.origin_server_ts <= lastFhirInstant
      ? { sent: new Date(event.origin_server_ts).toISOString() }
      : {}),
    payload: [{ contentString: textOf(event) }],
    ...(isSupported(event)
      ? {}
      : {
          note: [
            { text: `Content that could not be recorded: ${fhirString(messageType(event)) ?? 'unknown'}` },
          ],
        }),
  };
}

/** `identifier=…` for the conditional create: one event, one Communication. */
export function identifierQuery(eventId: EventId): string {
  return `identifier=${encodeURIComponent(`${systems.eventId}|${eventId}`)}`;
}

/** The event that a message replies to (rich replies; a thread's fallback reply is none). */
export function replyTarget(event: MatrixEvent): EventId | undefined {
  const relation = event.content['m.relates_to'];
  if (!isObject(relation) || relation.is_falling_back === true) return undefined;
  const target = relation['m.in_reply_to'];
  return isObject(target) ? EventId.safeParse(target.event_id).data : undefined;
}

/** Whether the content of a message is recorded as it is. */
export function isSupported(event: MatrixEvent): boolean {
  return textTypes.has(messageType(event)) && typeof event.content.body === 'string';
}

function messageType(event: MatrixEvent): string {
  return typeof event.content.msgtype === 'string' ? event.content.msgtype : 'unknown';
}

function textOf(event: MatrixEvent): string {
  const body = typeof event.content.body === 'string' ? event.content.body : '';
  return fhirString(withoutReplyFallback(body, replyTarget(event) !== undefined)) ?? '(no text)';
}

/** Older clients quote the message they reply to: lines that start with `> `, then an empty one. */
function withoutReplyFallback(body: string, isReply: boolean): string {
  if (!isReply || !body.startsWith('> ')) return body;
  const lines = body.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('> ') && line !== '>');
  if (end === -1) return body;
  return lines.slice(lines[end] === '' ? end + 1 : end).join('\n');
}

function senderOf(event: MatrixEvent, sender: FhirRef | undefined): Reference {
  if (sender) return { reference: sender };
  return { identifier: { system: systems.matrixUserId, value: event.sender }, display: event.sender };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
