import { median } from './statistics';

/** One way of doing something. @returns what one round of it measured */
export type Way = () => Promise<number>;

/**
 * Measures several ways of doing the same in turn, round by round, so that whatever else the machine does falls on all
 * of them alike. A round before the first one warms up and does not count.
 * @returns the median of each
 */
export async function mediansOf<Name extends string>(
  rounds: number,
  ways: Readonly<Record<Name, Way>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(ways) as Name[];
  const values = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const value = await ways[name]();
      if (round > 0) values.get(name)!.push(value);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(values.get(name)!)])) as Record<Name, number>;
}

/** So many times something per second. */
export async function rateOf(times: number, work: () => Promise<unknown>): Promise<number> {
  return times / ((await millisecondsOf(work)) / 1000);
}

export async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
