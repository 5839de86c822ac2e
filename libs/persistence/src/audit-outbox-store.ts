import { Injectable } from '@nestjs/common';
import { chainStart } from './audit-chain';
import { Database } from './database';
import { Prisma } from './generated/client';

/** An effect that is about to happen. */
export interface Intention {
  /** All tries of one effect have the same. */
  readonly key: string;
  /** Of the AuditEvent that tells of it. */
  readonly id: string;
  /** The AuditEvent as far as it is known before the effect. */
  readonly content: string;
}

/** An AuditEvent as it is stored and sent, byte for byte. */
export interface AuditContent {
  readonly id: string;
  readonly content: string;
}

/** What noting an intention found: nothing yet, an earlier try that was cut off, or that it was done and told. */
export type Intended = 'first' | 'again' | 'settled';

/** After this time without another try an intention counts as never settled: far longer than the pause between two tries. */
const patienceMs = 3_600_000;

/**
 * What the audit has to tell. A row is there before its effect, and goes when the FHIR server has its AuditEvent; on the
 * way it is copied into audit_log, in the same statement that settles it.
 */
@Injectable()
export class AuditOutboxStore {
  constructor(private readonly database: Database) {}

  /**
   * Notes what is about to be done.
   * @returns `id` of the row, which is the one of the first try where there was one
   */
  async intend({ key, id, content }: Intention): Promise<{ id: string; intended: Intended }> {
    const dueAt = new Date(Date.now() + patienceMs);
    // What was settled under this id has a row in audit_log, also when it was sent and is gone from here.
    const rows = await this.database.client.$queryRaw<{ id: string; first: boolean }[]>`
      INSERT INTO audit_outbox AS row (id, key, content, due_at)
      SELECT ${id}, ${key}, ${content}, ${dueAt}
      WHERE NOT EXISTS (SELECT 1 FROM audit_log WHERE id = ${id})
      ON CONFLICT (key) DO UPDATE SET due_at = EXCLUDED.due_at
      RETURNING row.id, row.xmax = 0 AS first`;
    const [row] = rows;
    if (!row) return { id, intended: 'settled' };
    return { id: row.id, intended: row.first ? 'first' : 'again' };
  }

  /** Forgets an intention that came to nothing. */
  async withdraw(id: string): Promise<void> {
    await this.database.client.auditOutbox.deleteMany({ where: { id, key: { not: null } } });
  }

  /**
   * Settles a row, or makes one that is settled from the start: to be sent from now on, and part of the chain. All in
   * one statement: the row that holds the chain's end is locked for as long as the commit takes, and no longer.
   * Repeating it changes nothing.
   */
  async settle({ id, content }: AuditContent): Promise<void> {
    const start = new Uint8Array(chainStart);
    try {
      await this.database.client.$executeRaw`
        WITH head AS (
          INSERT INTO audit_chain AS chain (name, sequence, previous_hash, hash)
          SELECT 'bridge', 1, ${start}::bytea, sha256(${start}::bytea || convert_to(${content}, 'UTF8'))
          WHERE NOT EXISTS (SELECT 1 FROM audit_log WHERE id = ${id})
          ON CONFLICT (name) DO UPDATE SET
            sequence = chain.sequence + 1,
            previous_hash = chain.hash,
            hash = sha256(chain.hash || convert_to(${content}, 'UTF8'))
          RETURNING sequence, previous_hash, hash
        ), logged AS (
          INSERT INTO audit_log (sequence, id, content, previous_hash, hash)
          SELECT sequence, ${id}, ${content}, previous_hash, hash FROM head
          RETURNING sequence
        )
        INSERT INTO audit_outbox (id, content, sequence, due_at)
        SELECT ${id}, ${content}, sequence, ${new Date()} FROM logged
        ON CONFLICT (id) DO UPDATE SET
          key = NULL, content = EXCLUDED.content, sequence = EXCLUDED.sequence, due_at = EXCLUDED.due_at`;
    } catch (error) {
      // Two processes with the same message, as after a pause longer than the queue waits: the other one has settled it.
      if (!(await this.isSettled(error, id))) throw error;
    }
  }

  /**
   * Takes settled rows to be sent, the oldest first. Each is nobody else's until the lease is over.
   * @param leaseMs longer than sending them takes
   */
  async claim(limit: number, leaseMs: number): Promise<AuditContent[]> {
    const until = new Date(Date.now() + leaseMs);
    return this.database.client.$queryRaw<AuditContent[]>`
      UPDATE audit_outbox SET due_at = ${until} WHERE id IN (
        SELECT id FROM audit_outbox WHERE key IS NULL AND due_at <= ${new Date()}
        ORDER BY sequence LIMIT ${limit} FOR UPDATE SKIP LOCKED
      ) RETURNING id, content`;
  }

  /** The FHIR server has it. */
  async sent(id: string): Promise<void> {
    await this.database.client.auditOutbox.deleteMany({ where: { id } });
  }

  /** It is to be sent again, not before this time. */
  async postpone(id: string, until: Date): Promise<void> {
    await this.database.client.auditOutbox.updateMany({ where: { id }, data: { dueAt: until } });
  }

  /** Intentions that were never settled, and not reported yet. */
  async unsettled(limit: number): Promise<AuditContent[]> {
    return this.database.client.auditOutbox.findMany({
      where: { key: { not: null }, isReported: false, dueAt: { lte: new Date() } },
      orderBy: { dueAt: 'asc' },
      take: limit,
      select: { id: true, content: true },
    });
  }

  /** An intention was told as of unknown outcome. Its row stays: a later try may still settle it. */
  async reported(id: string): Promise<void> {
    await this.database.client.auditOutbox.updateMany({
      where: { id, key: { not: null } },
      data: { isReported: true },
    });
  }

  /** Settled rows that the FHIR server does not have yet. */
  async countUnsent(): Promise<number> {
    return this.database.client.auditOutbox.count({ where: { key: null } });
  }

  private async isSettled(error: unknown, id: string): Promise<boolean> {
    if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
    return (await this.database.client.auditLog.count({ where: { id } })) > 0;
  }
}
