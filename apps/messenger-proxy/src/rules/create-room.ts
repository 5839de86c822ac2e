import { type JsonObject, isObject, listIn, objectIn } from '../requests/json-body';
import { Refusal, badJson, forbidden } from '../requests/refusal';
import type { Guard } from './guard';

/** What rooms may be like. */
export interface RoomRules {
  /** Room versions that may be made, the one for rooms that ask for none first; empty: all that the homeserver has. */
  readonly versions: readonly string[];
  /** The most people who can be invited at once. */
  readonly invites: number;
  /** Whether public rooms are kept inside their homeserver, and rooms cannot be made public later (A_26515-01, A_28271). */
  readonly publicRoomsStayHere: boolean;
  /** Types of rooms that may not be made. */
  readonly forbiddenTypes: readonly string[];
}

/**
 * POST createRoom.
 * @returns the body as it has to be where that is another one, with all that the client wrote and this does not change
 * @throws Refusal
 */
export async function checkCreateRoom(
  body: JsonObject,
  creator: string,
  rules: RoomRules,
  guard: Guard,
): Promise<JsonObject | undefined> {
  await checkInvitees(body, creator, rules, guard);
  const creation = objectIn(body, 'creation_content');
  if (rules.forbiddenTypes.some((type) => type === creation.type)) {
    throw badJson('Rooms of this type cannot be made.', 'room-type');
  }
  const version = checkVersion(body.room_version, rules);
  const stays = rules.publicRoomsStayHere && isPublic(body) && creation['m.federate'] !== false;
  if (version === body.room_version && !stays) return undefined;
  return {
    ...body,
    ...(version !== undefined && { room_version: version }),
    ...(stays && { creation_content: { ...creation, 'm.federate': false } }),
  };
}

/** The state event that lets whoever proves to have an e-mail address or telephone number into a room. */
export const THIRD_PARTY_INVITE = 'm.room.third_party_invite';

/**
 * Whoever is invited so is not known yet: neither is their homeserver, nor what they permit. Where another homeserver turns
 * such an invite into one for somebody, Synapse signs what it is given.
 */
export function invitedByAddress(): Refusal {
  return forbidden('Nobody can be invited by e-mail address or telephone number.', 'invite-3pid');
}

/** POST upgrade. @throws Refusal */
export function checkUpgrade(body: JsonObject, rules: RoomRules): void {
  if (rules.versions.length > 0 && !isAllowedVersion(body.new_version, rules)) throw unsupportedVersion();
}

async function checkInvitees(body: JsonObject, creator: string, rules: RoomRules, guard: Guard) {
  const state = listIn(body, 'initial_state').filter(isObject);
  if (listIn(body, 'invite_3pid').length > 0 || state.some(({ type }) => type === THIRD_PARTY_INVITE)) {
    throw invitedByAddress();
  }
  const joining = state.filter(({ type }) => type === 'm.room.member');
  const invitees = [...listIn(body, 'invite'), ...joining.map((event) => event.state_key)];
  if (invitees.length > rules.invites) {
    throw forbidden(`At most ${rules.invites} can be invited with a new room.`, 'invites-at-once');
  }
  for (const invitee of invitees) await guard.requireInvite(creator, invitee);
}

function checkVersion(asked: unknown, rules: RoomRules): unknown {
  if (rules.versions.length === 0) return asked;
  if (asked === undefined) return rules.versions[0];
  if (!isAllowedVersion(asked, rules)) throw unsupportedVersion();
  return asked;
}

function isAllowedVersion(version: unknown, rules: RoomRules): boolean {
  return typeof version === 'string' && rules.versions.includes(version);
}

function unsupportedVersion(): Refusal {
  return new Refusal(
    400,
    'M_UNSUPPORTED_ROOM_VERSION',
    'Rooms of this version cannot be made.',
    'room-version',
  );
}

function isPublic(body: JsonObject): boolean {
  const opened = listIn(body, 'initial_state').some(
    (event) =>
      isObject(event) &&
      event.type === 'm.room.join_rules' &&
      isObject(event.content) &&
      event.content.join_rule === 'public',
  );
  return opened || body.preset === 'public_chat' || body.visibility === 'public';
}
