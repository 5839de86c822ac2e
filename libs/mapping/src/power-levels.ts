import { CareTeamRole, UserId } from '@bridge/contracts';

export type RoleLevels = Readonly<Record<CareTeamRole, number>>;

export interface PowerLevelInput {
  readonly levels: RoleLevels;
  readonly bot: UserId;
  readonly members: readonly { readonly userId: UserId; readonly role: CareTeamRole }[];
  /** The version that the room has, e.g. "11". */
  readonly roomVersion: string;
}

/** `m.room.power_levels` of a Space. */
export function spacePowerLevels(input: PowerLevelInput) {
  return {
    ...base(input, 100),
    invite: 75,
    events_default: 100,
    events: { ...noEncryption(input.levels), 'm.space.child': 50 },
  };
}

/**
 * `m.room.power_levels` of a Room.
 * @param open false: members may read but not post; only the bot stands above everybody's level
 */
export function roomPowerLevels(input: PowerLevelInput, open: boolean) {
  return {
    ...base(input, 75),
    invite: 50,
    redact: 50,
    events_default: open ? 25 : botLevel(input.levels),
    events: { ...noEncryption(input.levels), 'm.room.name': 75, 'm.room.topic': 75 },
  };
}

function base({ levels, bot, members, roomVersion }: PowerLevelInput, state: number) {
  const users: Record<string, number> = {};
  for (const { userId, role } of members) users[userId] = levels[role];
  // From room version 12 on the creator stands above all levels and must not be listed.
  if (Number(roomVersion) < 12) users[bot] = botLevel(levels);
  return {
    users,
    users_default: 0,
    state_default: state,
    kick: state,
    ban: state,
    redact: state,
    historical: 100,
  };
}

/** The bridge reads no encrypted messages: a member who turned encryption on would silently cut the record off. */
function noEncryption(levels: RoleLevels) {
  return { 'm.room.encryption': botLevel(levels) };
}

/** One above the highest: at the lead's own level the bot could neither demote nor remove a lead (Matrix authorisation rules). */
function botLevel(levels: RoleLevels): number {
  return Math.max(100, ...Object.values(levels)) + 1;
}
