/** Enough to keep a queue that syncs every message to disk busy (measured: 16 in flight reach its full rate). */
const LANES = 16;

/**
 * Works on items: those with the same key one after the other in their order, different keys at the same time.
 * After a failure nothing more is begun. Settles when all that was begun has ended.
 * @throws the first failure
 */
export async function inOrderPerKey<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  const waiting = groups.values();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const group of waiting) {
      for (const item of group) {
        if (failures.length > 0) return;
        await work(item).catch((failure: unknown) => failures.push(failure));
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (failures.length > 0) throw failures[0];
}
