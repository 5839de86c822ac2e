import { UserId } from '@bridge/contracts';
import type { CurrentState } from './reconcile';

/** What one user may do in a room, by its state (Matrix specification, room versions, "Authorization rules"). */
export interface Power {
  /** Infinite for those who made a room of version 12 or later. */
  readonly level: number;
  /** Those who stand above all levels (since room version 12): a homeserver refuses levels that list one of them. */
  readonly creators: readonly UserId[];
  /** What the levels give to people and kinds of events, and this user cannot take away. */
  readonly fixed: {
    readonly users: Readonly<Record<string, number>>;
    readonly events: Readonly<Record<string, number>>;
  };
  /** Whether they may write state of this type. */
  readonly may: (type: string) => boolean;
  readonly mayInvite: boolean;
  readonly mayKick: boolean;
  readonly maySpeak: boolean;
}

/** Since this room version creators stand above all levels (MSC4289). */
const creatorsAboveAll = 12;

/** The power of somebody who is making a room of this version: nothing is refused to them. */
export function powerOfMaker(maker: UserId, roomVersion: string): Power {
  const creators = Number(roomVersion) >= creatorsAboveAll ? [maker] : [];
  const fixed = { users: {}, events: {} };
  return {
    level: Infinity,
    creators,
    fixed,
    may: () => true,
    mayInvite: true,
    mayKick: true,
    maySpeak: true,
  };
}

/** The power of somebody in a room with this state. */
export function powerIn(current: readonly CurrentState[], userId: UserId): Power {
  const creation = current.find(({ type }) => type === 'm.room.create');
  const content = current.find(
    ({ type, state_key }) => type === 'm.room.power_levels' && state_key === '',
  )?.content;
  const creators = creatorsOf(creation);
  const users = numbersOf(content?.users);
  const events = numbersOf(content?.events);
  const { state_default, events_default, users_default, invite, kick } = numbersOf(content);
  // Without any levels the creator has 100, and state is open to everybody.
  const unlisted = content ? (users_default ?? 0) : creation?.sender === userId ? 100 : 0;
  const level = creators.includes(userId) ? Infinity : (users[userId] ?? unlisted);
  return {
    level,
    creators,
    fixed: {
      users: filtered(users, (given, whose) => whose !== userId && given >= level),
      events: filtered(events, (needed) => needed > level),
    },
    may: (type) => level >= (events[type] ?? state_default ?? (content ? 50 : 0)),
    mayInvite: level >= (invite ?? 0),
    mayKick: level >= (kick ?? 50),
    maySpeak: level >= (events['m.room.message'] ?? events_default ?? 0),
  };
}

/** The numbers among the members of an object: levels of other rooms are whatever somebody wrote. */
function numbersOf(value: unknown): Record<string, number> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function filtered(
  numbers: Record<string, number>,
  keep: (value: number, key: string) => boolean,
): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).filter(([key, value]) => keep(value, key)));
}

function creatorsOf(creation: CurrentState | undefined): UserId[] {
  // A room that names no version has version 1.
  if (!creation || !(Number(creation.content.room_version ?? 1) >= creatorsAboveAll)) return [];
  const { additional_creators: more } = creation.content;
  const all: unknown[] = [creation.sender, ...(Array.isArray(more) ? (more as unknown[]) : [])];
  return all.filter((each): each is UserId => UserId.safeParse(each).success);
}
