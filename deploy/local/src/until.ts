import { setTimeout } from 'node:timers/promises';

const everyMs = 10;

/**
 * Asks again and again until there is an answer.
 * @throws when there is none within `withinMs`
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  withinMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await setTimeout(everyMs);
  }
}
