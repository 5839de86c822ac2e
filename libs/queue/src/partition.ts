const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

/**
 * FNV-1a, 32 bits, over the UTF-8 bytes of `text`.
 * The same function as nats-server's `partition()` subject mapping, so that a server-side mapping can take over.
 */
export function fnv1a32(text: string): number {
  let hash = offsetBasis;
  for (const byte of Buffer.from(text, 'utf8')) {
    hash = Math.imul(hash ^ byte, prime);
  }
  return hash >>> 0;
}

/** The partition, 0 … partitions - 1, in which everything with this ordering key waits in line. */
export function partitionOf(key: string, partitions: number): number {
  return fnv1a32(key) % partitions;
}
