import { Injectable } from '@nestjs/common';
import { RoomId, UserId } from '@bridge/contracts';
import { Database } from './database';

/** The rooms in which one person talks to the bot alone. */
@Injectable()
export class DirectChatStore {
  constructor(private readonly database: Database) {}

  /** @returns who talks to the bot there; undefined when the room is no direct chat with it */
  async find(roomId: RoomId): Promise<UserId | undefined> {
    const row = await this.database.client.directChat.findUnique({ where: { roomId } });
    return row?.userId as UserId | undefined;
  }

  async save(roomId: RoomId, userId: UserId): Promise<void> {
    await this.database.client.directChat.upsert({
      where: { roomId },
      create: { roomId, userId },
      update: { userId },
    });
  }

  async remove(roomId: RoomId): Promise<void> {
    await this.database.client.directChat.deleteMany({ where: { roomId } });
  }
}
