import { Injectable } from '@nestjs/common';
import type { ParkedConversation, ParkedConversations, Parking, WorkStream } from '@bridge/contracts';
import { Database } from './database';
import type { Prisma } from './generated/client';

/** A parked conversation as an operator sees it. */
export interface KnownParkedConversation extends ParkedConversation {
  readonly parkedAt: Date;
}

/** `lifted`: it goes on; `waiting`: there are messages of it still; `replaced`: it is parked anew, or was lifted already. */
export type Lifted = 'lifted' | 'waiting' | 'replaced';

/** How long a parking may be held by one who counts what waits, in milliseconds. */
const heldAtMostMs = 60_000;

/** Which conversations wait for an operator. A row is locked by whoever adds to what waits, and by whoever lifts it. */
@Injectable()
export class ParkedConversationStore implements ParkedConversations {
  constructor(private readonly database: Database) {}

  async count(stream: WorkStream): Promise<number> {
    return this.database.client.parkedConversation.count({ where: { stream } });
  }

  async find(stream: WorkStream, key: string): Promise<string | undefined> {
    const row = await this.database.client.parkedConversation.findUnique({
      where: { stream_key: { stream, key } },
      select: { parking: true },
    });
    return row?.parking;
  }

  /** All of them, those that wait longest first. */
  async list(): Promise<KnownParkedConversation[]> {
    const rows = await this.database.client.parkedConversation.findMany({ orderBy: { parkedAt: 'asc' } });
    return rows.map((row) => ({ ...row, stream: row.stream as WorkStream }));
  }

  async park({ stream, key, parking, failureClass }: ParkedConversation): Promise<void> {
    await this.database.client.parkedConversation.upsert({
      where: { stream_key: { stream, key } },
      create: { stream, key, parking, failureClass },
      update: { parking, failureClass },
    });
  }

  async whileParked(parking: Parking, act: () => Promise<void>): Promise<boolean> {
    const done = await this.locked(parking, async () => {
      await act();
      return true;
    });
    return done ?? false;
  }

  /**
   * Lets a conversation go on, unless messages of it wait still.
   * @param isEmpty asked while nobody can add to them
   */
  async lift(parking: Parking, isEmpty: () => Promise<boolean>): Promise<Lifted> {
    const { stream, key } = parking;
    const lifted = await this.locked(parking, async (transaction) => {
      if (!(await isEmpty())) return 'waiting';
      await transaction.parkedConversation.delete({ where: { stream_key: { stream, key } } });
      return 'lifted';
    });
    return lifted ?? 'replaced';
  }

  /** @returns undefined, with nothing done, when the conversation is not in that parking any more */
  private async locked<T>(
    { stream, key, parking }: Parking,
    act: (transaction: Prisma.TransactionClient) => Promise<T>,
  ): Promise<T | undefined> {
    return this.database.transaction(
      async (transaction) => {
        const rows = await transaction.$queryRaw<unknown[]>`
          SELECT 1 FROM parked_conversation
          WHERE stream = ${stream} AND key = ${key} AND parking = ${parking} FOR UPDATE`;
        return rows.length === 0 ? undefined : act(transaction);
      },
      { timeout: heldAtMostMs },
    );
  }
}
