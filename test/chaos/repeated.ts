import { setTimeout as wait } from 'node:timers/promises';
import { HttpRefusal } from '../../deploy/local/src/http-refusal';

const againAfterMs = 500;
/** No fault lasts as long. */
const giveUpAfterMs = 300_000;

/**
 * Does what a client of a server does: repeats a request, which has to be the same each time, until it is answered.
 * @returns the answer
 * @throws what the server says to a request that is wrong (4xx), the last failure after five minutes, and AbortError
 */
export async function untilAnswered<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + giveUpAfterMs;
  for (;;) {
    try {
      return await request();
    } catch (error) {
      const isWrong = error instanceof HttpRefusal && error.status < 500;
      if (isWrong || performance.now() > deadline) throw error;
      await wait(againAfterMs, undefined, { signal });
    }
  }
}
