import { median } from '../measure/statistics';

/**
 * Measures several ways of doing the same in turn, round by round, as `mediansOf` does, where each measures several figures.
 * @returns the medians of each
 */
export async function mediansOfEach<Way extends string, Figure extends string>(
  rounds: number,
  ways: readonly Way[],
  measure: (way: Way) => Promise<Readonly<Record<Figure, number>>>,
): Promise<Record<Way, Record<Figure, number>>> {
  const measured = new Map<Way, Readonly<Record<Figure, number>>[]>(ways.map((way) => [way, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const way of ways) {
      const figures = await measure(way);
      // The first round warms up.
      if (round > 0) measured.get(way)!.push(figures);
    }
  }
  const mediansFor = (way: Way): Record<Figure, number> => {
    const all = measured.get(way)!;
    const names = Object.keys(all[0]!) as Figure[];
    const entries = names.map((name) => [name, median(all.map((each) => each[name]))]);
    return Object.fromEntries(entries) as Record<Figure, number>;
  };
  return Object.fromEntries(ways.map((way) => [way, mediansFor(way)])) as Record<Way, Record<Figure, number>>;
}
