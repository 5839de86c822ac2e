import { Injectable } from '@nestjs/common';
import type { ParkedConversation, ParkedConversations, Parking, WorkStream } from '@bridge/contracts';
import { Database } from './database';
import type { Prisma } from './generated/client';

/** A parked conversation as an operator sees it. */
export interface KnownParkedConversation extends ParkedConversation {
  readonly parkedAt: Date;
}

/** `lifted`: it goes on, perhaps since somebody else has lifted it; `waiting`: there are messages of it still; `replaced`: it is parked anew. */
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
    return this.locked(parking, async (_transaction, current) => {
      if (current !== parking.parking) return false;
      await act();
      return true;
    });
  }

  /**
   * Lets a conversation go on, unless messages of it wait still.
   * @param isEmpty asked while nobody can add to them
   */
  async lift(parking: Parking, isEmpty: () => Promise<boolean>): Promise<Lifted> {
    const { stream, key } = parking;
    return this.locked(parking, async (transaction, current) => {
      if (current === undefined) return 'lifted';
      if (current !== parking.parking) return 'replaced';
      if (!(await isEmpty())) return 'waiting';
      await transaction.parkedConversation.delete({ where: { stream_key: { stream, key } } });
      return 'lifted';
    });
  }

  /** Acts on the conversation's present parking, undefined when it goes on, which nobody changes meanwhile. */
  private async locked<T>(
    { stream, key }: Parking,
    act: (transaction: Prisma.TransactionClient, current: string | undefined) => Promise<T>,
  ): Promise<T> {
    return this.database.transaction(
      async (transaction) => {
        const [row] = await transaction.$queryRaw<{ parking: string }[]>`
          SELECT parking FROM parked_conversation WHERE stream = ${stream} AND key = ${key} FOR UPDATE`;
        return act(transaction, row?.parking);
      },
      { timeout: heldAtMostMs },
    );
  }
}
