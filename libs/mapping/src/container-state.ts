import { CareTeamRole, RoomId, UserId, UserMapping } from '@bridge/contracts';
import { PowerLevelInput, roomPowerLevels, spacePowerLevels } from './power-levels';

export interface StateEvent {
  readonly type: string;
  readonly stateKey: string;
  readonly content: object;
}

/** Somebody who belongs in a Space or Room, under the id they have there. */
export interface ContainerMember {
  readonly userId: UserId;
  readonly role: CareTeamRole;
  readonly mapping: UserMapping;
}

export interface SpaceInput extends Omit<PowerLevelInput, 'members'> {
  readonly organisation: string;
  readonly members: readonly ContainerMember[];
}

export interface RoomInput extends Omit<PowerLevelInput, 'members'> {
  readonly name: string;
  readonly open: boolean;
  readonly members: readonly ContainerMember[];
  readonly historyVisibility: 'joined' | 'invited';
  readonly space: RoomId | null;
  readonly serverName: string;
}

export const userMappingType = 'custom.user_mappings';

/** The state that a Space should have. Its name is neutral: state is copied to every server, unencrypted. */
export function spaceState(input: SpaceInput): StateEvent[] {
  return [
    { type: 'm.room.power_levels', stateKey: '', content: spacePowerLevels(input) },
    ...privateState('joined'),
    { type: 'm.room.name', stateKey: '', content: { name: `Care team · ${input.organisation}` } },
    ...userMappings(input.members),
  ];
}

/** The state that a Room should have. */
export function roomState(input: RoomInput): StateEvent[] {
  return [
    { type: 'm.room.power_levels', stateKey: '', content: roomPowerLevels(input, input.open) },
    ...privateState(input.historyVisibility),
    { type: 'm.room.name', stateKey: '', content: { name: input.name } },
    ...(input.space
      ? [
          {
            type: 'm.space.parent',
            stateKey: input.space,
            content: { via: [input.serverName], canonical: true },
          },
        ]
      : []),
    ...userMappings(input.members),
  ];
}

/** What links a Room into its Space; the other half is `m.space.parent` in the Room. */
export function spaceChild(room: RoomId, serverName: string): StateEvent {
  return { type: 'm.space.child', stateKey: room, content: { via: [serverName] } };
}

/** The body of `POST /createRoom` for a Space or Room with this state. Nobody is invited here: see Rooms.create. */
export function creation(
  kind: 'space' | 'room',
  aliasLocalpart: string,
  roomVersion: string,
  state: readonly StateEvent[],
) {
  const powerLevels = state.find(({ type }) => type === 'm.room.power_levels');
  return {
    room_alias_name: aliasLocalpart,
    visibility: 'private',
    preset: 'private_chat',
    room_version: roomVersion,
    creation_content: kind === 'space' ? { type: 'm.space' } : {},
    power_level_content_override: powerLevels?.content,
    initial_state: state
      .filter((event) => event !== powerLevels)
      .map(({ type, stateKey, content }) => ({ type, state_key: stateKey, content })),
  };
}

function privateState(historyVisibility: string): StateEvent[] {
  return [
    { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'invite' } },
    { type: 'm.room.history_visibility', stateKey: '', content: { history_visibility: historyVisibility } },
    { type: 'm.room.guest_access', stateKey: '', content: { guest_access: 'forbidden' } },
  ];
}

/**
 * Who is who. The specification's state key is the Matrix id; its leading `@` is left off, since a state key that
 * starts with `@` may be written by that user alone (Matrix authorisation rules; Synapse answers 403).
 */
function userMappings(members: readonly ContainerMember[]): StateEvent[] {
  return members.map(({ userId, mapping }) => ({
    type: userMappingType,
    stateKey: userId.slice(1),
    content: { ...mapping },
  }));
}
