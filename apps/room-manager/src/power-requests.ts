import { Injectable, Logger } from '@nestjs/common';
import { RoomId } from '@bridge/contracts';
import { powerIn } from '@bridge/mapping';
import { MatrixRefusal, RoomState, Rooms } from '@bridge/matrix';
import { QueuePublisher } from '@bridge/queue';
import { ManagerConfig } from './manager-config';
import { predecessorOf, stateOf } from './room-succession';

/** Asks who made a Room for the power that the bot needs in it. */
@Injectable()
export class PowerRequests {
  private readonly logger = new Logger(PowerRequests.name);

  constructor(
    private readonly rooms: Rooms,
    private readonly publisher: QueuePublisher,
    private readonly config: ManagerConfig,
  ) {}

  /**
   * Asks once per Room. Where the bot may not even speak, it asks in the Room that this one replaced.
   * @param current the state of the Room
   */
  async ask(roomId: RoomId, current: readonly RoomState[]): Promise<void> {
    this.logger.warn(
      `The bot lacks power in ${roomId}: only part of it is kept in step. Have somebody with more power give it 100.`,
    );
    const creation = stateOf(current, 'm.room.create');
    const place = powerIn(current, this.config.bot).maySpeak
      ? { roomId, said: creation }
      : await this.before(current);
    if (!creation || !place?.said) return;
    await this.publisher.publish(
      'command.send-notice',
      place.roomId,
      {
        roomId: place.roomId,
        inReplyTo: place.said.event_id,
        to: creation.sender,
        notice: 'power-missing',
        once: true,
      },
      { id: `${roomId} power-missing` },
    );
  }

  /** The Room that this one replaced, and the event that said so. */
  private async before(current: readonly RoomState[]) {
    const former = predecessorOf(current);
    if (!former) return undefined;
    try {
      return { roomId: former, said: stateOf(await this.rooms.state(former), 'm.room.tombstone') };
    } catch (error) {
      // Not in that one either: the operators are told in any case.
      if (error instanceof MatrixRefusal) return undefined;
      throw error;
    }
  }
}
