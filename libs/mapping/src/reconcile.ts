import { isDeepStrictEqual } from 'node:util';
import { UserId } from '@bridge/contracts';
import { StateEvent, isAbsent, userMappingType } from './container-state';

/** A state event as the homeserver has it. */
export interface CurrentState {
  readonly type: string;
  readonly state_key: string;
  readonly content: Record<string, unknown>;
  readonly sender?: string;
  readonly origin_server_ts?: number;
}

export interface Desired {
  readonly state: readonly StateEvent[];
  /** Those who belong, under the id they have there. */
  readonly members: ReadonlySet<UserId>;
  /** Others who may stay but are not invited: the bot. */
  readonly tolerated: ReadonlySet<string>;
}

export interface Changes {
  readonly state: readonly StateEvent[];
  readonly invite: readonly UserId[];
  /** Of those to be invited, who was put out by somebody else, and when: the event's own time, in ms since 1970. */
  readonly putOut: ReadonlyMap<UserId, number>;
  /** Invited but not yet joined: ghosts among them only have to join. */
  readonly invited: readonly UserId[];
  /** In the room without belonging there; whether the bridge may remove them is the caller's to know. */
  readonly remove: readonly UserId[];
}

/** What has to be done so that a Space or Room becomes what it should be. Nothing to do gives nothing but empty lists. */
export function changesNeeded(desired: Desired, current: readonly CurrentState[]): Changes {
  const now = new Map(current.map((event) => [`${event.type}\0${event.state_key}`, event]));
  // What is wished away is as it should be where it never was.
  const state = desired.state.filter(
    ({ type, stateKey, content }) =>
      !isDeepStrictEqual(
        now.get(`${type}\0${stateKey}`)?.content ?? (isAbsent(content) ? {} : undefined),
        content,
      ),
  );
  const mapped = new Set(
    desired.state.filter(({ type }) => type === userMappingType).map(({ stateKey }) => stateKey),
  );
  const outdated = current
    .filter(
      ({ type, state_key, content }) =>
        type === userMappingType && !mapped.has(state_key) && Object.keys(content).length > 0,
    )
    .map(({ state_key }) => ({ type: userMappingType, stateKey: state_key, content: {} }));
  const memberEventOf = (userId: string) => now.get(`m.room.member\0${userId}`);
  const membershipOf = (userId: string) => memberEventOf(userId)?.content.membership;
  const present = current
    .filter(
      ({ type, content }) =>
        type === 'm.room.member' && (content.membership === 'join' || content.membership === 'invite'),
    )
    .map(({ state_key }) => state_key as UserId);
  const wanted = [...desired.members];
  const invite = wanted.filter((userId) => !present.includes(userId) && membershipOf(userId) !== 'ban');
  return {
    state: [...state, ...outdated],
    invite,
    putOut: new Map(invite.flatMap((userId) => putOutBy(memberEventOf(userId)))),
    invited: wanted.filter((userId) => membershipOf(userId) === 'invite'),
    remove: present.filter((userId) => !desired.members.has(userId) && !desired.tolerated.has(userId)),
  };
}

/** Who left in this event by somebody else's doing, and when; nothing where nobody did. */
function putOutBy(event: CurrentState | undefined): [UserId, number][] {
  const { content, sender, state_key: userId, origin_server_ts: at } = event ?? {};
  const isPutOut = content?.membership === 'leave' && sender !== userId;
  return isPutOut && at !== undefined ? [[userId as UserId, at]] : [];
}
