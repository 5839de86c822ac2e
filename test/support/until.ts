import { pauseAfter } from '../../deploy/local/src/until';

/**
 * Waits for a condition that nothing announces.
 * @param what completes "Waited in vain for …"
 * @returns what `look` found, as soon as it is neither undefined nor false
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 20_000,
): Promise<T> {
  const from = performance.now();
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    const waitedMs = performance.now() - from;
    if (waitedMs > withinMs) throw new Error(`Waited in vain for ${what}`);
    await pauseAfter(waitedMs);
  }
}
