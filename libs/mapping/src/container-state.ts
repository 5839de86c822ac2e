import { CareTeamRole, Language, RoomId, UserId, UserMapping } from '@bridge/contracts';
import { BridgeInfoInput, bridgeInfo } from './bridge-info';
import { PowerLevelInput, roomPowerLevels, spacePowerLevels } from './power-levels';
import { textsIn } from './texts/texts';

/** A piece of state as it should be; without content: it should not be there. */
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

/** What Spaces and Rooms are made from. */
interface ContainerInput extends Omit<PowerLevelInput, 'members'>, BridgeInfoInput {
  readonly members: readonly ContainerMember[];
}

export interface SpaceInput extends ContainerInput {
  readonly language: Language;
  /** Its conversations: their Rooms are its children, their former ones are not any more. */
  readonly conversations: readonly {
    readonly roomId: RoomId | null;
    readonly formerRoomIds: readonly RoomId[];
  }[];
}

export interface RoomInput extends ContainerInput {
  /** Null: the name that it has is not the bridge's to change. */
  readonly name: string | null;
  readonly open: boolean;
  readonly historyVisibility: 'joined' | 'invited';
  /** Homeservers may delete what is older; undefined: no rule of ours. */
  readonly retentionDays: number | undefined;
  readonly space: RoomId | null;
  readonly formerSpaces: readonly RoomId[];
}

export const userMappingType = 'custom.user_mappings';

const dayMs = 86_400_000;
/** State cannot be deleted: what is not to be there has no content. */
const absent = {};

/** The state that a Space should have. Its name is neutral: state is copied to every server, unencrypted. */
export function spaceState(input: SpaceInput): StateEvent[] {
  const name = `${textsIn(input.language).names.careTeam} · ${input.organisation}`;
  return [
    { type: 'm.room.power_levels', stateKey: '', content: spacePowerLevels(input) },
    ...privateState('joined'),
    { type: 'm.room.name', stateKey: '', content: { name } },
    ...bridgeInfo(input),
    ...input.conversations.flatMap(({ roomId, formerRoomIds }) => [
      ...(roomId ? [spaceChild(roomId, input.serverName)] : []),
      ...formerRoomIds.map((former) => ({ type: 'm.space.child', stateKey: former, content: absent })),
    ]),
    ...userMappings(input.members),
  ];
}

/** The state that a Room should have. */
export function roomState(input: RoomInput): StateEvent[] {
  const parent = { via: [input.serverName], canonical: true };
  const retention = input.retentionDays ? { max_lifetime: input.retentionDays * dayMs } : absent;
  return [
    { type: 'm.room.power_levels', stateKey: '', content: roomPowerLevels(input, input.open) },
    ...privateState(input.historyVisibility),
    ...(input.name === null ? [] : [{ type: 'm.room.name', stateKey: '', content: { name: input.name } }]),
    { type: 'm.room.retention', stateKey: '', content: retention },
    ...bridgeInfo(input),
    ...(input.space ? [{ type: 'm.space.parent', stateKey: input.space, content: parent }] : []),
    ...input.formerSpaces.map((former) => ({ type: 'm.space.parent', stateKey: former, content: absent })),
    ...userMappings(input.members),
  ];
}

/** What links a Room into its Space; the other half is `m.space.parent` in the Room. */
export function spaceChild(room: RoomId, serverName: string): StateEvent {
  return { type: 'm.space.child', stateKey: room, content: { via: [serverName] } };
}

export interface CreationInput {
  readonly kind: 'space' | 'room';
  readonly aliasLocalpart: string;
  readonly roomVersion: string;
  /** Whether people on other homeservers can ever be members. */
  readonly federate: boolean;
  readonly state: readonly StateEvent[];
}

/** The body of `POST /createRoom` for a Space or Room with this state. Nobody is invited here: see Rooms.create. */
export function creation({ kind, aliasLocalpart, roomVersion, federate, state }: CreationInput) {
  const powerLevels = state.find(({ type }) => type === 'm.room.power_levels');
  return {
    room_alias_name: aliasLocalpart,
    visibility: 'private',
    preset: 'private_chat',
    room_version: roomVersion,
    creation_content: { ...(kind === 'space' ? { type: 'm.space' } : {}), 'm.federate': federate },
    power_level_content_override: powerLevels?.content,
    initial_state: state
      .filter((event) => event !== powerLevels && !isAbsent(event.content))
      .map(({ type, stateKey, content }) => ({ type, state_key: stateKey, content })),
  };
}

/** Whether a piece of state is wished away. */
export function isAbsent(content: object): boolean {
  return Object.keys(content).length === 0;
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
