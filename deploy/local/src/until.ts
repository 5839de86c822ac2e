import { setTimeout } from 'node:timers/promises';

const leastPauseMs = 10;
const longestPauseMs = 200;

/**
 * Asks again and again until there is an answer.
 * @throws when there is none within `withinMs`
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  withinMs = 60_000,
): Promise<T> {
  const from = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    const waitedMs = performance.now() - from;
    if (waitedMs > withinMs) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await pauseAfter(waitedMs);
  }
}

/**
 * Waits a tenth of what was waited so far, from 10 to 200 ms: to ask keeps the servers from what is waited for, and who
 * has waited long does not mind a little more.
 */
export async function pauseAfter(waitedMs: number): Promise<void> {
  await setTimeout(Math.min(longestPauseMs, Math.max(leastPauseMs, waitedMs / 10)));
}
