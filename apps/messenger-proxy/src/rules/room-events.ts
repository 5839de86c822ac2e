import { type JsonObject, isObject } from '../requests/json-body';
import { Refusal, badJson, forbidden } from '../requests/refusal';
import { type RoomRules, THIRD_PARTY_INVITE, invitedByAddress } from './create-room';
import type { Guard } from './guard';

const MAX_STATUS_LENGTH = 250;
/** One emoji, of however many code points (Unicode, UTS 51). */
const ONE_EMOJI = new RegExp('^\\p{RGI_Emoji}$', 'v');

/** POST rooms/{roomId}/invite. @throws Refusal */
export async function checkInvite(body: JsonObject, inviter: string, guard: Guard): Promise<void> {
  // Beside a user id as well: Synapse looks at the address first.
  if (body.medium !== undefined || body.address !== undefined) throw invitedByAddress();
  if (typeof body.user_id !== 'string') {
    throw new Refusal(400, 'M_MISSING_PARAM', 'user_id is missing.', 'body');
  }
  await guard.requireInvite(inviter, body.user_id);
}

/**
 * PUT rooms/{roomId}/state/{type}/{stateKey}: an invite is a state event too, and so is making a room public.
 * @throws Refusal
 */
export async function checkState(
  { type, stateKey, body }: { type: string; stateKey: string; body: JsonObject },
  sender: string,
  rules: RoomRules,
  guard: Guard,
): Promise<void> {
  if (
    type === 'm.room.member' &&
    stateKey !== sender &&
    body.membership !== 'leave' &&
    body.membership !== 'ban'
  ) {
    await guard.requireInvite(sender, stateKey);
  }
  if (type === THIRD_PARTY_INVITE) throw invitedByAddress();
  if (type === 'm.room.join_rules' && body.join_rule === 'public' && rules.publicRoomsStayHere) {
    throw new Refusal(400, 'M_INVALID_ROOM_STATE', 'Rooms cannot be made public.', 'public-room');
  }
}

/** PUT rooms/{roomId}/send/{type}/{txnId} under the ceiling of Matrix 1.11 as gematik has it. @throws Refusal */
export function checkSend(type: string, body: JsonObject): void {
  const relation = isObject(body['m.relates_to']) ? body['m.relates_to'] : {};
  if (relation.rel_type === 'm.thread') {
    throw new Refusal(400, 'M_FORBIDDEN', 'Threads are not allowed.', 'thread');
  }
  if (type !== 'm.reaction') return;
  if (
    relation.rel_type !== 'm.annotation' ||
    typeof relation.key !== 'string' ||
    !ONE_EMOJI.test(relation.key)
  ) {
    throw badJson('A reaction is one emoji.', 'reaction');
  }
}

/** PUT presence/{userId}/status. @throws Refusal */
export function checkPresence(body: JsonObject): void {
  const text = body.status_msg;
  if (typeof text === 'string' && text.length > MAX_STATUS_LENGTH) {
    throw new Refusal(
      403,
      'M_TOO_LARGE',
      `A status has at most ${MAX_STATUS_LENGTH} characters.`,
      'presence',
    );
  }
}

/** PUT rooms/{roomId}/redact/{eventId}/{txnId} (A_28358). @param sentAt of the event, in milliseconds @throws Refusal */
export function checkRedaction(sentAt: unknown, now: number, longestMs: number): void {
  if (typeof sentAt !== 'number' || now - sentAt > longestMs) {
    throw forbidden('The message is too old to be deleted.', 'redaction-too-late');
  }
}
