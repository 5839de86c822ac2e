import { Injectable } from '@nestjs/common';
import { Database } from './database';
import type { SubscriptionState as Row } from './generated/client';

/** Names a Subscription: the logical id, and the source that it notifies. */
export interface SubscriptionKey {
  readonly source: string;
  readonly subscription: string;
}

/** How far the events of a topic-based Subscription are accounted for, and what has to be looked into, when. */
export interface SubscriptionState {
  readonly upTo: number;
  readonly ahead: readonly number[];
  readonly told: number;
  readonly settled: number;
  readonly mark: number;
  readonly markAt: Date;
  readonly heardAt: Date;
  /** Milliseconds between two signs of life; 0: none were agreed; null: not looked up yet. */
  readonly heartbeatMs: number | null;
  /** When what is missing is asked for. */
  readonly gapDueAt: Date | null;
  /** When the server is asked how the Subscription is. */
  readonly checkDueAt: Date | null;
  /** When it was last brought back from an error. */
  readonly reactivatedAt: Date | null;
}

export interface DueSubscription extends SubscriptionKey {
  readonly dueAt: Date;
}

@Injectable()
export class SubscriptionStateStore {
  constructor(private readonly database: Database) {}

  async find({ source, subscription }: SubscriptionKey): Promise<SubscriptionState | undefined> {
    const row = await this.database.client.subscriptionState.findUnique({
      where: { source_subscription: { source, subscription } },
    });
    return row ? toState(row) : undefined;
  }

  /**
   * Reads, changes and writes what is known of a Subscription; several who do so take turns.
   * @param change what is to be noted; undefined: nothing
   * @returns what is noted afterwards
   */
  async change(
    { source, subscription }: SubscriptionKey,
    change: (known: SubscriptionState | undefined) => SubscriptionState | undefined,
  ): Promise<SubscriptionState | undefined> {
    return this.database.transaction(async (transaction) => {
      // Not the row's own lock: the first two who hear of a Subscription find no row.
      await transaction.$queryRaw`
        SELECT 1 FROM pg_advisory_xact_lock(hashtextextended(${`${source}/${subscription}`}, 0))`;
      const where = { source_subscription: { source, subscription } };
      const row = await transaction.subscriptionState.findUnique({ where });
      const known = row ? toState(row) : undefined;
      const changed = change(known);
      if (!changed) return known;
      const data = toRow(changed);
      await transaction.subscriptionState.upsert({
        where,
        create: { source, subscription, ...data },
        update: data,
      });
      return changed;
    });
  }

  /** The server does not have it any more. */
  async forget({ source, subscription }: SubscriptionKey): Promise<void> {
    await this.database.client.subscriptionState.deleteMany({ where: { source, subscription } });
  }

  /** Those that something is due for, the ones that wait longest first. */
  async listDue(now: Date, limit: number): Promise<DueSubscription[]> {
    const rows = await this.database.client.subscriptionState.findMany({
      where: { OR: [{ gapDueAt: { lte: now } }, { checkDueAt: { lte: now } }] },
      take: limit,
      select: { source: true, subscription: true, gapDueAt: true, checkDueAt: true },
    });
    return rows
      .map(({ source, subscription, gapDueAt, checkDueAt }) => ({
        source,
        subscription,
        dueAt: earliest(gapDueAt, checkDueAt) ?? now,
      }))
      .sort((one, other) => one.dueAt.getTime() - other.dueAt.getTime());
  }

  /** When something will be due that is not yet, of whichever Subscription. */
  async nextDue(now: Date): Promise<Date | null> {
    const { subscriptionState: table } = this.database.client;
    const [gap, check] = await Promise.all([
      table.aggregate({ _min: { gapDueAt: true }, where: { gapDueAt: { gt: now } } }),
      table.aggregate({ _min: { checkDueAt: true }, where: { checkDueAt: { gt: now } } }),
    ]);
    return earliest(gap._min.gapDueAt, check._min.checkDueAt);
  }
}

/** The earlier of two instants, either of which may be none. */
function earliest(one: Date | null, other: Date | null): Date | null {
  if (!one || !other) return one ?? other;
  return one < other ? one : other;
}

/** FHIR's numbers are 64 bits wide; those that a number cannot hold were refused where they came in. */
function toState(row: Row): SubscriptionState {
  const { markAt, heardAt, heartbeatMs, gapDueAt, checkDueAt, reactivatedAt } = row;
  return {
    upTo: Number(row.upTo),
    ahead: row.ahead.map(Number),
    told: Number(row.told),
    settled: Number(row.settled),
    mark: Number(row.mark),
    ...{ markAt, heardAt, heartbeatMs, gapDueAt, checkDueAt, reactivatedAt },
  };
}

function toRow(state: SubscriptionState) {
  return {
    upTo: BigInt(state.upTo),
    ahead: state.ahead.map(BigInt),
    told: BigInt(state.told),
    settled: BigInt(state.settled),
    mark: BigInt(state.mark),
    markAt: state.markAt,
    heardAt: state.heardAt,
    heartbeatMs: state.heartbeatMs,
    gapDueAt: state.gapDueAt,
    checkDueAt: state.checkDueAt,
    reactivatedAt: state.reactivatedAt,
  };
}
