import { Injectable } from '@nestjs/common';
import { RoomId, UserId } from '@bridge/contracts';
import { Database } from './database';

/** Something that somebody is told once in a Room. */
export interface Telling {
  readonly roomId: RoomId;
  readonly userId: UserId;
  readonly notice: string;
}

@Injectable()
export class ToldOnceStore {
  constructor(private readonly database: Database) {}

  async wasTold({ roomId, userId, notice }: Telling): Promise<boolean> {
    const row = await this.database.client.toldOnce.findUnique({
      where: { roomId_userId_notice: { roomId, userId, notice } },
    });
    return row !== null;
  }

  /** To be noted after it was said: noted before, it would never be said when the process dies in between. */
  async told({ roomId, userId, notice }: Telling): Promise<void> {
    await this.database.client.toldOnce.createMany({
      data: { roomId, userId, notice },
      skipDuplicates: true,
    });
  }
}
