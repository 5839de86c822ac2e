import { CareTeamRole, UserId } from '@bridge/contracts';
import type { Power } from './power-in-room';

export type RoleLevels = Readonly<Record<CareTeamRole, number>>;

export interface PowerLevelInput {
  readonly levels: RoleLevels;
  readonly bot: UserId;
  readonly members: readonly { readonly userId: UserId; readonly role: CareTeamRole }[];
  /** What the bot may do in the room: nobody can give more than they have. */
  readonly power: Pick<Power, 'level' | 'creators' | 'fixed'>;
}

/** `m.room.power_levels` of a Space. */
export function spacePowerLevels(input: PowerLevelInput) {
  return {
    ...base(input, 100),
    invite: 75,
    events_default: 100,
    events: { ...reserved(input), 'm.space.child': 50, ...input.power.fixed.events },
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
    events_default: open ? 25 : closedLevel(input),
    events: { ...reserved(input), 'm.room.name': 75, 'm.room.topic': 75, ...input.power.fixed.events },
  };
}

function base(input: PowerLevelInput, state: number) {
  const { levels, bot, members, power } = input;
  const users: Record<string, number> = {};
  for (const { userId, role } of members) users[userId] = levels[role];
  users[bot] = botLevel(input);
  Object.assign(users, power.fixed.users);
  for (const creator of power.creators) delete users[creator];
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

/**
 * The bridge reads no encrypted messages: a member who turned encryption on would silently cut the record off.
 * Replacing a Room by another is a lead's: in a new Room of version 12 its maker stands above the bot.
 */
function reserved(input: PowerLevelInput) {
  return {
    'm.room.encryption': botLevel(input),
    'm.room.tombstone': Math.min(input.levels.lead, botLevel(input)),
  };
}

/**
 * What posting takes in a closed Room: more than anybody has. The bot gives it to a ghost that brings a late message from
 * FHIR, and can take it back, since it stands above it itself.
 */
function closedLevel({ levels, power }: PowerLevelInput): number {
  return Math.min(power.level, Math.max(100, ...Object.values(levels)) + 1);
}

/**
 * Above all others: at the lead's own level the bot could neither demote nor remove a lead (Matrix authorisation rules).
 * Where somebody else made the room and gave the bot less, it has to do with that.
 */
function botLevel({ levels, power }: PowerLevelInput): number {
  return Math.min(power.level, Math.max(100, ...Object.values(levels)) + 2);
}
