import { Injectable } from '@nestjs/common';
import { Database } from './database';

/** The longest that a turn lasts, in milliseconds; after it another process may take one while the first is still at work. */
const longestTurnMs = 3_600_000;

/** Work that one process of several does at a time, and that does no harm when it is done once more. */
@Injectable()
export class TurnStore {
  constructor(private readonly database: Database) {}

  /**
   * Does something, unless another process does it now. Nothing is left behind by a process that dies: the lock is its
   * connection's, and it takes no transaction id that would hold up a vacuum.
   * @param name of the work
   * @returns what it came to; undefined where another process has the turn
   */
  async take<T>(name: string, act: () => Promise<T>): Promise<T | undefined> {
    return this.database.transaction(
      async (transaction) => {
        const [row] = await transaction.$queryRaw<{ taken: boolean }[]>`
          SELECT pg_try_advisory_xact_lock(hashtextextended(${`turn ${name}`}, 0)) AS taken`;
        return row?.taken ? act() : undefined;
      },
      { timeout: longestTurnMs },
    );
  }
}
