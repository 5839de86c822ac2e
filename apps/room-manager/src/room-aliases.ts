import { Injectable, Logger } from '@nestjs/common';
import type { RoomId } from '@bridge/contracts';
import { Rooms } from '@bridge/matrix';
import { ManagerConfig } from './manager-config';

/** The aliases by which Spaces and Rooms are found again when the note of their id was lost. */
@Injectable()
export class RoomAliases {
  private readonly logger = new Logger(RoomAliases.name);

  constructor(
    private readonly rooms: Rooms,
    private readonly config: ManagerConfig,
  ) {}

  /** Sets the alias of a Space or Room again where somebody deleted it, or where it still leads to the one before. */
  async restore(aliasLocalpart: string, roomId: RoomId): Promise<void> {
    const alias = this.config.alias(aliasLocalpart);
    const found = await this.rooms.resolve(alias);
    if (found === roomId) return;
    if (found) await this.rooms.removeAlias(alias);
    await this.rooms.setAlias(alias, roomId);
    this.logger.warn(
      `The alias of ${roomId} was ${found ? 'that of another room' : 'deleted'}; it is set again`,
    );
  }
}
