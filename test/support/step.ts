let begun = 0;
let succeeded = 0;

/** One test of a file whose tests play on the same servers, often each building on the ones before it. */
export function step(name: string, play: () => Promise<void> | void, withinMs = 120_000): void {
  it(name, noted(play), withinMs);
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
