import { EventId, FhirRef, type MessageKind, NoticeCode, RoomId, UserId } from '@bridge/contracts';
import { isObject } from '../is-object';
import type { AuditDeed, AuditEntry } from './audit-entry';

/** What is known of something that was refused. */
export type Refusal = Pick<AuditEntry, 'deed' | 'reason' | 'by' | 'to' | 'what' | 'room' | 'event'>;

/**
 * Reads what a message that was given up wanted, and whose wish it was. Of a message with any content at all: what is no
 * reference and no Matrix id is passed over, so no word of it can get into the audit.
 * @param kind of the message
 * @param payload as it was in the queue
 * @param reason its failure class
 */
export function refusalOfMessage(kind: string, payload: unknown, reason: string): Refusal {
  const message = isObject(payload) ? payload : {};
  const fields = isObject(message.event) ? { ...message, ...message.event } : message;
  const first = <T>(read: (value: unknown) => T | undefined, ...names: string[]): T | undefined =>
    names.map((name) => read(fields[name])).find((found) => found !== undefined);
  const person = kind === 'command.invite' ? 'to' : 'by';
  return {
    deed: deeds[kind as MessageKind] ?? 'execute',
    reason,
    by: first(userId, 'sender', 'requester', 'by') ?? first(fhirRef, 'author', 'reader'),
    ...(first(userId, 'userId') ? { [person]: first(userId, 'userId') } : {}),
    what: references(fields),
    room: first((value) => RoomId.safeParse(value).data, 'room_id', 'roomId'),
    event: first((value) => EventId.safeParse(value).data, 'event_id', 'eventId'),
  };
}

/** Notices that tell somebody of something that was not done as they wished, and what it was. */
const refusingNotices: Readonly<Partial<Record<NoticeCode, AuditDeed>>> = {
  'unsupported-content': 'create',
  'unreadable-encrypted': 'create',
  'file-too-large': 'create',
  'file-type-refused': 'create',
  'file-unavailable': 'create',
  'requester-unknown': 'create',
  'membership-restored': 'update',
};

/** @returns undefined for a notice of something that went well */
export function refusalOfNotice(notice: {
  readonly notice: NoticeCode;
  readonly to: UserId;
  readonly roomId: RoomId;
  readonly inReplyTo: EventId;
}): Refusal | undefined {
  const deed = refusingNotices[notice.notice];
  if (!deed) return undefined;
  const { notice: reason, to: by, roomId: room, inReplyTo: event } = notice;
  return { deed, reason, by, what: [], room, event };
}

/**
 * What people say would have become a record, or have changed one; what the record says would have been shown in Matrix.
 */
const deeds: Readonly<Partial<Record<MessageKind, AuditDeed>>> = {
  'matrix.m.room.message': 'create',
  'matrix.m.room.encrypted': 'create',
  'matrix.m.sticker': 'create',
  'matrix.m.poll.start': 'create',
  'matrix.org.matrix.msc3381.poll.start': 'create',
  'conversation.start': 'create',
  'file.fetch': 'create',
  'matrix.m.room.redaction': 'update',
  'matrix.m.reaction': 'update',
  'matrix.m.receipt': 'update',
  'membership.changed': 'update',
  'conversation.archive': 'update',
  'fhir.changed': 'disclose',
  'command.send-message': 'disclose',
  'command.send-receipt': 'disclose',
  'command.invite': 'disclose',
};

const userId = (value: unknown): UserId | undefined => UserId.safeParse(value).data;
const fhirRef = (value: unknown): FhirRef | undefined => FhirRef.safeParse(value).data;

function references(fields: Readonly<Record<string, unknown>>): FhirRef[] {
  const names = ['ref', 'source', 'conversation', 'communication', 'careTeam', 'container'];
  return names.map((name) => fhirRef(fields[name])).filter((ref) => ref !== undefined);
}
