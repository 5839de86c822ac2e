import { setTimeout } from 'node:timers/promises';
import { percentile } from '../measure/statistics';

/** How long requests take, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/**
 * Makes requests at fixed times, whether or not those before are answered, as clients do who know nothing of each other. A
 * request that could not even be sent in time waits from the moment it was due: what a slow answer does to those behind it
 * is in the figures.
 * @param rate requests a second
 * @throws the first failure, when all have ended
 */
export async function latencyAt(
  rate: number,
  seconds: number,
  call: (index: number) => Promise<void>,
): Promise<Latency> {
  const count = Math.round(rate * seconds);
  const intervalMs = 1_000 / rate;
  const begin = performance.now() + intervalMs;
  const taken: number[] = [];
  const calls: Promise<void>[] = [];
  const send = async (index: number): Promise<void> => {
    await call(index);
    taken.push(performance.now() - (begin + index * intervalMs));
  };
  while (calls.length < count) {
    const due = Math.min(count, Math.floor((performance.now() - begin) / intervalMs) + 1);
    while (calls.length < due) {
      const sent = send(calls.length);
      // Looked at in the end: one that fails meanwhile is no unhandled one.
      sent.catch(() => undefined);
      calls.push(sent);
    }
    const next = begin + calls.length * intervalMs - performance.now();
    if (calls.length < count) await setTimeout(Math.max(0, next));
  }
  for (const end of await Promise.allSettled(calls)) if (end.status === 'rejected') throw end.reason;
  return { p50: percentile(taken, 0.5), p99: percentile(taken, 0.99) };
}
