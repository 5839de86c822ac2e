import { EventId, MatrixEvent, UserId } from '@bridge/contracts';
import { isObject } from './is-object';

/** More people than any conversation has; the rest of a longer list is a stranger's joke. */
const mostMentions = 100;

/** The event that a message replies to (rich replies; a thread's fallback reply is none). */
export function replyTarget(event: MatrixEvent): EventId | undefined {
  const relation = event.content['m.relates_to'];
  if (!isObject(relation) || relation.is_falling_back === true) return undefined;
  const target = relation['m.in_reply_to'];
  return isObject(target) ? EventId.safeParse(target.event_id).data : undefined;
}

/** The event that began the thread a message belongs to. */
export function threadRoot(event: MatrixEvent): EventId | undefined {
  const relation = event.content['m.relates_to'];
  if (!isObject(relation) || relation.rel_type !== 'm.thread') return undefined;
  return EventId.safeParse(relation.event_id).data;
}

/** Whom a message mentions by name (Matrix specification, "User and room mentions"); `@room` names nobody. */
export function mentionedUsers(event: MatrixEvent): UserId[] {
  const mentions = event.content['m.mentions'];
  const userIds = isObject(mentions) ? mentions.user_ids : undefined;
  if (!Array.isArray(userIds)) return [];
  const valid = userIds.slice(0, mostMentions).flatMap((userId) => UserId.safeParse(userId).data ?? []);
  return [...new Set(valid)];
}
