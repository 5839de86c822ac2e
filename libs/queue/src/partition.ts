import { isBackground, kindsOf, type MessageKind, type WorkStream } from '@bridge/contracts';

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

/** What waits for other servers has lanes behind the partitions, so that no conversation waits with it. */
const backgroundLanes = 8;

/** The partition of a message: by its ordering key, or, for a background kind, one of the lanes behind the partitions. */
export function partitionFor(kind: MessageKind, key: string, partitions: number): number {
  return isBackground(kind) ? partitions + partitionOf(key, backgroundLanes) : partitionOf(key, partitions);
}

/** Every partition of a work queue, 0 … n - 1: those of the conversations, then the lanes of its background kinds. */
export function partitionsOf(stream: WorkStream, partitions: number): number[] {
  const lanes = kindsOf(stream).some(isBackground) ? backgroundLanes : 0;
  return Array.from({ length: partitions + lanes }, (_, partition) => partition);
}
