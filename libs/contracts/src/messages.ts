import { z } from 'zod';
import { EventId, FhirRef, RoomId, UserId } from './ids';

/** ISO 8601 instant with offset. */
const Instant = z.iso.datetime({ offset: true });

/** A FHIR server may have changed: read what changed since the cursor. `source` names a configured notification source. */
export const FhirPull = z.object({ source: z.string().min(1) });

/**
 * One version of one FHIR resource, as the server holds it.
 * `resource` is left out when it would not fit in a queue message: the worker then reads it itself.
 */
export const FhirChanged = z.object({
  ref: FhirRef,
  versionId: z.string(),
  lastUpdated: Instant,
  resource: z.looseObject({ resourceType: z.string() }).optional(),
});

/** A room event as the homeserver pushed it (Matrix specification, "Client event format"). */
export const MatrixEvent = z.looseObject({
  event_id: EventId,
  room_id: RoomId,
  sender: UserId,
  type: z.string().min(1),
  origin_server_ts: z.int().nonnegative(),
  content: z.record(z.string(), z.unknown()),
});
export type MatrixEvent = z.infer<typeof MatrixEvent>;

/** Make Space or Room what Postgres says it should be. Carries no state of its own, so order and repetition do no harm. */
export const ReconcileSpace = z.object({ careTeam: FhirRef });
export const ReconcileRoom = z.object({ conversation: FhirRef });

/** An invite that could not be made at once (the partner's homeserver was away). Nothing else waits for it. */
export const Invite = z.object({ kind: z.enum(['space', 'room']), container: FhirRef, userId: UserId });

/** Say in a Room what a person wrote in FHIR. */
export const SendMessage = z.object({
  conversation: FhirRef,
  source: FhirRef,
  version: z.string(),
  part: z.int().nonnegative(),
  author: FhirRef,
  content: z.record(z.string(), z.unknown()),
  inReplyTo: FhirRef.optional(),
  /** Its event, where that is known already. */
  inReplyToEvent: EventId.optional(),
  sent: Instant.optional(),
});

/** Tell the sender of an event, as the bot, in a reply, what the bridge did not do with it. */
export const SendNotice = z.object({ roomId: RoomId, inReplyTo: EventId, body: z.string() });

/** Every message that crosses the queue: its stream and its shape. The one place to look. */
export const messages = {
  'fhir.pull': { stream: 'MAPPING', schema: FhirPull },
  'fhir.changed': { stream: 'MAPPING', schema: FhirChanged },
  'matrix.m.room.message': { stream: 'MAPPING', schema: MatrixEvent },
  'matrix.m.room.redaction': { stream: 'MAPPING', schema: MatrixEvent },
  'command.reconcile-space': { stream: 'ROOMS', schema: ReconcileSpace },
  'command.reconcile-room': { stream: 'ROOMS', schema: ReconcileRoom },
  'command.invite': { stream: 'ROOMS', schema: Invite },
  'command.send-message': { stream: 'ROOMS', schema: SendMessage },
  'command.send-notice': { stream: 'ROOMS', schema: SendNotice },
} as const;

export type MessageKind = keyof typeof messages;
export type MessageOf<K extends MessageKind> = z.infer<(typeof messages)[K]['schema']>;

/** The work queues. Each is read by exactly one kind of worker. */
export type WorkStream = (typeof messages)[MessageKind]['stream'];

/** The kinds that one work queue carries. */
export function kindsOf(stream: WorkStream): MessageKind[] {
  return (Object.keys(messages) as MessageKind[]).filter((kind) => messages[kind].stream === stream);
}
