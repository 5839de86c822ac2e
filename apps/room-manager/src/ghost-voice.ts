import { Injectable } from '@nestjs/common';
import type { RoomId } from '@bridge/contracts';
import { Rooms, isForbidden } from '@bridge/matrix';
import type { Participant } from '@bridge/persistence';
import { GhostKeeper } from './ghost-keeper';

/** Lets ghosts act in Rooms, whatever stands in their way there. */
@Injectable()
export class GhostVoice {
  constructor(
    private readonly ghosts: GhostKeeper,
    private readonly rooms: Rooms,
  ) {}

  /**
   * Acts as somebody's ghost. One that is not in the Room comes in first: somebody with an account of their own who
   * writes in FHIR, or a ghost that was removed by hand. One that may not post is given the level that posting takes:
   * the record decides who may write there, also late in a conversation that is closed, and for Matrix users nothing
   * is opened by that.
   * @throws MatrixRefusal when the homeserver still refuses, e.g. since the ghost was banned
   */
  async act<T>(roomId: RoomId, author: Participant, action: () => Promise<T>): Promise<T> {
    await this.ghosts.ensureJoined(roomId, author);
    try {
      return await action();
    } catch (error) {
      if (!isForbidden(error)) throw error;
    }
    await this.ghosts.join(roomId, author);
    try {
      return await action();
    } catch (error) {
      if (!isForbidden(error) || !(await this.giveLevel(roomId, author))) throw error;
    }
    return action();
  }

  /** @returns false when it has the level already: then something else is in the way */
  private async giveLevel(roomId: RoomId, { ghostUserId }: Participant): Promise<boolean> {
    const state = await this.rooms.state(roomId);
    const levels = state.find(({ type, state_key: key }) => type === 'm.room.power_levels' && key === '');
    const { users, events_default: needed, users_default: everybody = 0 } = (levels?.content ?? {}) as Levels;
    const level = users?.[ghostUserId] ?? everybody;
    if (!levels || needed === undefined || level >= needed) return false;
    const content = { ...levels.content, users: { ...users, [ghostUserId]: needed } };
    await this.rooms.setState(roomId, 'm.room.power_levels', '', content);
    return true;
  }
}

interface Levels {
  readonly users?: Readonly<Record<string, number>>;
  readonly events_default?: number;
  readonly users_default?: number;
}
