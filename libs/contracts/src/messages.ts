import { z } from 'zod';
import { EventId, FhirRef, RoomId, UserId } from './ids';
import { NoticeCode } from './notices';

/** ISO 8601 instant with offset. */
const Instant = z.iso.datetime({ offset: true });

/** A FHIR server may have changed: read what changed since the cursor. */
export const FhirPull = z.object({
  /** A configured notification source. */
  source: z.string().min(1),
  /** Resource types of which the sender told; left out: any may have changed. */
  types: z.array(z.string().min(1)).optional(),
  /** Resources that the sender says are deleted: a search shows nothing of it. */
  gone: z.array(FhirRef).optional(),
});

/** What a topic-based Subscription told, but for health data (FHIR R5 `SubscriptionStatus`, R4 backport `Parameters`). */
export const FhirNotified = z.object({
  source: z.string().min(1),
  /** The logical id of the Subscription on its server. */
  subscription: z.string().min(1),
  kind: z.enum(['handshake', 'heartbeat', 'event-notification', 'query-status', 'query-event']),
  status: z.enum(['requested', 'active', 'error', 'off', 'entered-in-error']).optional(),
  /** Events since the Subscription began, where the sender says so; it begins again at a server that was restarted. */
  eventsSinceStart: z.int().nonnegative().optional(),
  events: z.array(z.object({ number: z.int().nonnegative(), focus: FhirRef.optional() })),
});

/** Something is due for a topic-based Subscription: a gap in its event numbers to fill, or a silence to look into. */
export const SubscriptionDue = z.object({ source: z.string().min(1), subscription: z.string().min(1) });

/**
 * One version of one FHIR resource, as the server holds it.
 * `resource` is left out when it would not fit in a queue message: the worker then reads it itself.
 */
export const FhirChanged = z.object({
  ref: FhirRef,
  versionId: z.string(),
  lastUpdated: Instant,
  /** This version is the end of it: `resource` then is what the version before tells of where it belonged. */
  deleted: z.literal(true).optional(),
  resource: z.looseObject({ resourceType: z.string() }).optional(),
});

/** A period in this CareTeam begins or ends about now: read it again. */
export const FhirDue = z.object({ careTeam: FhirRef });

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

/** A state event: of one state key there is one, the newest. */
export const MatrixStateEvent = MatrixEvent.extend({ state_key: z.string() });
export type MatrixStateEvent = z.infer<typeof MatrixStateEvent>;

/** Somebody has read a Room up to and including an event (`m.receipt`, of the type `m.read`). */
export const ReadReceipt = z.object({
  roomId: RoomId,
  eventId: EventId,
  userId: UserId,
  /** Milliseconds since 1970, by the reader's homeserver. */
  readAt: z.int().nonnegative(),
});

/** Somebody came or went in Matrix, where Matrix is the master of membership: change the CareTeam. */
export const MembershipChanged = z.object({
  careTeam: FhirRef,
  userId: UserId,
  present: z.boolean(),
  changedAt: Instant,
});

/** The event of somebody who asked for something. */
const AnswerTo = z.object({ roomId: RoomId, eventId: EventId });

/** Somebody opened a conversation in Matrix: make its CommunicationRequest. */
export const StartConversation = z.object({
  careTeam: FhirRef,
  requester: UserId,
  /** In the requester's words; may hold patient data. */
  topic: z.string().optional(),
  /** Makes the request unique: the command's event, or the Room that was made. */
  identifier: z.union([EventId, RoomId]),
  /** The Room that exists already; left out: one is made. */
  roomId: RoomId.optional(),
  /** Where to say that it is there. */
  answerTo: AnswerTo.optional(),
});

/** Somebody closed a conversation in Matrix: complete its CommunicationRequest. */
export const ArchiveConversation = z.object({
  conversation: FhirRef,
  by: UserId,
  /** Where to say that it is closed. */
  answerTo: AnswerTo.optional(),
});

/** Make Space or Room what Postgres says it should be. Carries no state of its own, so order and repetition do no harm. */
export const ReconcileSpace = z.object({ careTeam: FhirRef });
export const ReconcileRoom = z.object({ conversation: FhirRef });

/** An invite that could not be made at once (the partner's homeserver was away). Nothing else waits for it. */
export const Invite = z.object({
  kind: z.enum(['space', 'room']),
  container: FhirRef,
  userId: UserId,
  /** What they are shown. */
  reason: z.string().optional(),
  /** Not made before. */
  notBefore: z.iso.datetime().optional(),
});

/** One of ours declines an invite by somebody on another homeserver. */
export const DeclineInvite = z.object({
  roomId: RoomId,
  userId: UserId,
  /** What those in the room are shown. */
  reason: z.string(),
  /** Not done before: the other homeserver has stored the invite by then. */
  notBefore: z.iso.datetime(),
});

/** A file that the record holds and Matrix shall show. */
export const FileSource = z.object({
  /**
   * Where the FHIR server has it: `Binary/<id>`, a URL below the FHIR base, or the resource that holds the attachment
   * (`DocumentReference/<id>`, or the Communication itself): bytes do not go through the queue. Left out: nowhere.
   */
  url: z.string().optional(),
  contentType: z.string().optional(),
  title: z.string().optional(),
  /** Of what it holds, where that is known: tells a changed file from the same one. */
  hash: z.string().optional(),
  /** Which attachment of a clinical resource that holds several; its title is then the one given here. */
  position: z.int().nonnegative().optional(),
});
export type FileSource = z.infer<typeof FileSource>;

/** Say in a Room what FHIR says, or change what was said there. */
export const SendMessage = z.object({
  conversation: FhirRef,
  source: FhirRef,
  version: z.string(),
  /** When the version was written: an older one than Matrix shows changes nothing. */
  versionAt: Instant.optional(),
  /** Which message of the resource: position in its payload, and 1,000 for each further piece of a long text. */
  part: z.int().nonnegative(),
  /** On the first part: all parts that this version has. What was said of others is taken back. */
  parts: z.array(z.int().nonnegative()).optional(),
  /** Who wrote it; left out: nobody did, and the bot says it. */
  author: FhirRef.optional(),
  content: z.record(z.string(), z.unknown()),
  /** To be uploaded first; `content` then lacks the file's URL. */
  file: FileSource.optional(),
  inReplyTo: FhirRef.optional(),
  /** Its event, where that is known already. */
  inReplyToEvent: EventId.optional(),
  /** The Communication that began the thread it belongs to. */
  threadRoot: FhirRef.optional(),
  threadRootEvent: EventId.optional(),
  sent: Instant.optional(),
});

/** What a Communication says was said in Matrix: this event is the first of it. */
export const MessageSaid = z.object({ communication: FhirRef, eventId: EventId });

/** Take back in Matrix all that a resource said. */
export const RedactMessage = z.object({
  conversation: FhirRef,
  source: FhirRef,
  version: z.string(),
  versionAt: Instant.optional(),
  /** Who takes it back; not given, or not able to: the bot. */
  author: FhirRef.optional(),
});

/** Show in Matrix that a person has read in FHIR up to this Communication. */
export const SendReceipt = z.object({ conversation: FhirRef, reader: FhirRef, communication: FhirRef });

/** Tell somebody, as the bot, in reply to their event, what the bridge did with it. The text is room-manager's. */
export const SendNotice = z.object({
  roomId: RoomId,
  inReplyTo: EventId,
  to: UserId,
  notice: NoticeCode,
  /** Values for the text: opaque ids and numbers, never message text. */
  details: z.record(z.string(), z.string()).optional(),
  /** Once per person and Room, however often it is asked for. */
  once: z.boolean().optional(),
});

/** A file said in Matrix whose own homeserver is away: get it when it is back, and put it into its record. */
export const FetchFile = z.object({ event: MatrixEvent });

/** Mark a message of Matrix as not in the record, or take the mark away. */
export const MarkUndelivered = z.object({ roomId: RoomId, eventId: EventId, sender: UserId });
export const ClearMark = z.object({ roomId: RoomId, eventId: EventId });

/** A message that speaks to the bot. */
export const BotCommand = z.object({ event: MatrixEvent });

/**
 * Compare a Room's timeline with what arrived, and queue what is missing. With the cause `held-back` the homeserver has it all and only
 * brings it late, so that it is not made to look for more at the others, which takes it twice the time of reading.
 */
export const ResyncRoom = z.object({ roomId: RoomId, cause: z.literal('held-back').optional() });

/**
 * Every message that crosses the queue: its stream and its shape. The one place to look.
 * Kinds that wait for other servers are marked `background`: they have lanes of their own, so that nothing waits for them.
 * Those of a whole source, which no conversation can wait for, are marked `ofSource`.
 */
export const messages = {
  'fhir.pull': { stream: 'MAPPING', schema: FhirPull, ofSource: true },
  'fhir.notified': { stream: 'MAPPING', schema: FhirNotified, ofSource: true },
  'subscription.due': { stream: 'MAPPING', schema: SubscriptionDue, background: true },
  'fhir.changed': { stream: 'MAPPING', schema: FhirChanged },
  'fhir.due': { stream: 'MAPPING', schema: FhirDue },
  'matrix.m.room.message': { stream: 'MAPPING', schema: MatrixEvent },
  'matrix.m.room.redaction': { stream: 'MAPPING', schema: MatrixEvent },
  'matrix.m.room.encrypted': { stream: 'MAPPING', schema: MatrixEvent },
  'matrix.m.reaction': { stream: 'MAPPING', schema: MatrixEvent },
  'matrix.m.sticker': { stream: 'MAPPING', schema: MatrixEvent },
  'matrix.m.poll.start': { stream: 'MAPPING', schema: MatrixEvent },
  'matrix.org.matrix.msc3381.poll.start': { stream: 'MAPPING', schema: MatrixEvent },
  'matrix.m.receipt': { stream: 'MAPPING', schema: ReadReceipt },
  'membership.changed': { stream: 'MAPPING', schema: MembershipChanged },
  'conversation.start': { stream: 'MAPPING', schema: StartConversation },
  'conversation.archive': { stream: 'MAPPING', schema: ArchiveConversation },
  'message.said': { stream: 'MAPPING', schema: MessageSaid },
  'file.fetch': { stream: 'MAPPING', schema: FetchFile, background: true },
  'matrix.m.room.member': { stream: 'ROOMS', schema: MatrixStateEvent },
  'matrix.m.room.tombstone': { stream: 'ROOMS', schema: MatrixStateEvent },
  'matrix.m.space.child': { stream: 'ROOMS', schema: MatrixStateEvent },
  'command.reconcile-space': { stream: 'ROOMS', schema: ReconcileSpace },
  'command.reconcile-room': { stream: 'ROOMS', schema: ReconcileRoom },
  'command.invite': { stream: 'ROOMS', schema: Invite, background: true },
  'command.decline-invite': { stream: 'ROOMS', schema: DeclineInvite, background: true },
  'command.send-message': { stream: 'ROOMS', schema: SendMessage },
  'command.redact-message': { stream: 'ROOMS', schema: RedactMessage },
  'command.send-receipt': { stream: 'ROOMS', schema: SendReceipt },
  'command.send-notice': { stream: 'ROOMS', schema: SendNotice },
  'command.mark-undelivered': { stream: 'ROOMS', schema: MarkUndelivered },
  'command.clear-mark': { stream: 'ROOMS', schema: ClearMark },
  'command.bot': { stream: 'ROOMS', schema: BotCommand },
  'command.resync-room': { stream: 'ROOMS', schema: ResyncRoom, background: true },
} as const;

export type MessageKind = keyof typeof messages;
export type MessageOf<K extends MessageKind> = z.infer<(typeof messages)[K]['schema']>;

/** The work queues. Each is read by exactly one kind of worker. */
export type WorkStream = (typeof messages)[MessageKind]['stream'];

/** The kinds that one work queue carries. */
export function kindsOf(stream: WorkStream): MessageKind[] {
  return (Object.keys(messages) as MessageKind[]).filter((kind) => messages[kind].stream === stream);
}

/** Whether messages of this kind wait for other servers, in lanes of their own. */
export function isBackground(kind: MessageKind): boolean {
  return 'background' in messages[kind];
}

/** Whether messages of this kind are of one conversation, care team or Room, and in order with its others. */
export function isOfConversation(kind: MessageKind): boolean {
  return !isBackground(kind) && !('ofSource' in messages[kind]);
}
