import { createHash } from 'node:crypto';

/** Where the chain begins. */
export const chainStart = Buffer.alloc(32);

export interface ChainLink {
  readonly sequence: bigint;
  readonly content: string;
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
}

/** The end of a chain: its newest link, without what that says. */
export type ChainEnd = Pick<ChainLink, 'sequence' | 'hash'>;

/** The first place at which a chain does not hold, and why. */
export interface ChainBreak {
  readonly sequence: bigint;
  /**
   * `missing`: there is no such row. `changed`: its hash is not that of what it says. `unchained`: it does not continue
   * the row before, which was replaced with a hash that fits, or stood elsewhere. `beyond`: no such row was ever appended.
   */
  readonly why: 'missing' | 'changed' | 'unchained' | 'beyond';
}

/** What a row adds to the chain: SHA-256 of the hash before it and its content in UTF-8. */
export function linkHash(previousHash: Uint8Array, content: string): Buffer {
  return createHash('sha256').update(previousHash).update(content, 'utf8').digest();
}

/**
 * Follows a chain row by row.
 * @param before the end of the chain that the rows should continue
 * @returns the first break; else the end with these rows
 */
export function followChain(before: ChainEnd, links: readonly ChainLink[]): ChainBreak | { end: ChainEnd } {
  let end = before;
  for (const link of links) {
    const sequence = end.sequence + 1n;
    if (link.sequence !== sequence) return { sequence, why: 'missing' };
    if (!linkHash(link.previousHash, link.content).equals(link.hash)) return { sequence, why: 'changed' };
    if (!Buffer.from(link.previousHash).equals(end.hash)) return { sequence, why: 'unchained' };
    end = link;
  }
  return { end };
}
