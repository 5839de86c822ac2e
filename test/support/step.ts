let succeeded = 0;
let failed = 0;

/** One test of a file whose tests play on the same servers, often each building on the ones before it. */
export function step(name: string, play: () => Promise<void> | void, withinMs = 120_000): void {
  it(name, noted(play), withinMs);
}

/** For tests that `it.each` makes: the failure of what it is given is known to {@link outcomeOfSteps}. */
export function noted<T extends unknown[]>(
  play: (...values: T) => Promise<void> | void,
): (...values: T) => Promise<void> {
  return async (...values) => {
    try {
      await play(...values);
      succeeded += 1;
    } catch (error) {
      failed += 1;
      throw error;
    }
  };
}

/** What to stop the servers with: when a step has failed, or none was reached, their logs are kept. */
export function outcomeOfSteps(): 'succeeded' | 'failed' {
  return succeeded > 0 && failed === 0 ? 'succeeded' : 'failed';
}
