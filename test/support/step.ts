let begun = 0;
let succeeded = 0;
let broken: string | undefined;

/** One test of a file whose tests play on the same servers, often each building on the ones before it. */
export function step(name: string, play: () => Promise<void> | void, withinMs = 120_000): void {
  it(name, noted(play), withinMs);
}

/** Like {@link step}, where each builds on those before: what comes after one that failed fails as well, and at once. */
export function nextStep(name: string, play: () => Promise<void>, withinMs?: number): void {
  const playOrRefuse = async (): Promise<void> => {
    if (broken !== undefined) throw new Error(`Not tried, since “${broken}” has failed`);
    broken = name; // until it has succeeded: jest does not say when a test takes too long
    await play();
    broken = undefined;
  };
  step(name, playOrRefuse, withinMs);
}

/** For tests that `it.each` makes: the failure of what it is given is known to {@link outcomeOfSteps}. */
export function noted<T extends unknown[]>(
  play: (...values: T) => Promise<void> | void,
): (...values: T) => Promise<void> {
  return async (...values) => {
    begun += 1;
    await play(...values);
    succeeded += 1;
  };
}

/** What to stop the servers with: when a step has failed or not come to its end, or none was reached, their logs are kept. */
export function outcomeOfSteps(): 'succeeded' | 'failed' {
  return succeeded > 0 && succeeded === begun ? 'succeeded' : 'failed';
}
