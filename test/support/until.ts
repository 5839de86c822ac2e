import { setTimeout as wait } from 'node:timers/promises';

/**
 * Waits for a condition that nothing announces, asking every 20 ms.
 * @param what completes "Waited in vain for …"
 * @returns what `look` found, as soon as it is neither undefined nor false
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await wait(20);
  }
}
