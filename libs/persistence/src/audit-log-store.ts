import { Injectable } from '@nestjs/common';
import { type ChainBreak, type ChainEnd, chainStart, followChain } from './audit-chain';
import { Database } from './database';

/** How a look at the whole chain ended. */
export interface ChainReport {
  /** Rows that hold. */
  readonly checked: number;
  /** The first that does not. */
  readonly broken?: ChainBreak;
}

const batch = 1_000;

/** The copy of the audit in Postgres, in which nothing can be changed, removed or put elsewhere without a trace. */
@Injectable()
export class AuditLogStore {
  constructor(private readonly database: Database) {}

  /**
   * Follows the chain to its end as it is now, while others may append to it.
   * It shows what was changed by anybody who cannot compute the chain anew from there on; against one who can, keep the
   * last row's hash elsewhere from time to time, or compare with the AuditEvents on the FHIR server.
   * @param from the first row to look at: later than 1 where an operator has removed what is old. The hash before it is
   * taken for granted then.
   */
  async verify(from = 1n): Promise<ChainReport> {
    // First, so that all rows up to there are visible: each was committed together with the head that counts it.
    const head: ChainEnd = (await this.database.client.auditChain.findFirst()) ?? {
      sequence: 0n,
      hash: chainStart,
    };
    let end = await this.endBefore(from);
    let checked = 0;
    while (end.sequence < head.sequence) {
      const links = await this.linksAfter(end.sequence, head.sequence);
      if (links.length === 0) return { checked, broken: { sequence: end.sequence + 1n, why: 'missing' } };
      const followed = followChain(end, links);
      if (!('end' in followed)) {
        return { checked: Number(followed.sequence - from), broken: followed };
      }
      end = followed.end;
      checked = Number(end.sequence - from + 1n);
    }
    // All rows were replaced, each with a hash that fits: then the end is another one.
    if (!Buffer.from(end.hash).equals(head.hash)) {
      return { checked, broken: { sequence: head.sequence, why: 'unchained' } };
    }
    return { checked, ...(await this.beyond()) };
  }

  private async endBefore(from: bigint): Promise<ChainEnd> {
    if (from <= 1n) return { sequence: 0n, hash: chainStart };
    const first = await this.database.client.auditLog.findUnique({ where: { sequence: from } });
    return { sequence: from - 1n, hash: first?.previousHash ?? chainStart };
  }

  private linksAfter(sequence: bigint, upTo: bigint) {
    return this.database.client.auditLog.findMany({
      where: { sequence: { gt: sequence, lte: upTo } },
      orderBy: { sequence: 'asc' },
      take: batch,
    });
  }

  /** A head that was put back hides rows behind it. In one statement, as others may append. */
  private async beyond(): Promise<{ broken?: ChainBreak }> {
    const rows = await this.database.client.$queryRaw<{ sequence: bigint | null }[]>`
      SELECT min(sequence) AS sequence FROM audit_log
      WHERE sequence > (SELECT coalesce(max(sequence), 0) FROM audit_chain)`;
    const sequence = rows[0]?.sequence;
    return sequence ? { broken: { sequence, why: 'beyond' } } : {};
  }
}
