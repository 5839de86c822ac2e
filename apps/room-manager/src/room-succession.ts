import { RoomId } from '@bridge/contracts';
import type { RoomState } from '@bridge/matrix';

/** A piece of state without a key of its own. */
export function stateOf(current: readonly RoomState[], type: string): RoomState | undefined {
  return current.find((event) => event.type === type && event.state_key === '');
}

/** The room that replaces one with this state, if it says so (`m.room.tombstone`). */
export function replacementOf(current: readonly RoomState[]): RoomId | undefined {
  return RoomId.safeParse(stateOf(current, 'm.room.tombstone')?.content.replacement_room).data;
}

/** The room that one with this state replaces, if it says so (`m.room.create`). */
export function predecessorOf(current: readonly RoomState[]): RoomId | undefined {
  const predecessor = stateOf(current, 'm.room.create')?.content.predecessor;
  return RoomId.safeParse((predecessor as { room_id?: unknown } | null | undefined)?.room_id).data;
}

/** Whether a room with this state is a Space. */
export function isSpace(current: readonly RoomState[]): boolean {
  return stateOf(current, 'm.room.create')?.content.type === 'm.space';
}
