import { latencyAt } from './arrivals';

describe('latencyAt', () => {
  it('goes on while answers are missing, and counts all the time that each one waits', async () => {
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    // None is answered before the last one is made.
    const { p50, p99 } = await latencyAt(100, 0.2, async (index) => {
      if (index === 19) answer();
      await answered;
    });
    // The first was due at 10 ms and the last at 200 ms; all are answered then.
    expect(p99).toBeGreaterThan(150);
    expect(p50).toBeLessThan(p99);
  });

  it('counts from when a request was due, where it could not be sent then', async () => {
    const { p99 } = await latencyAt(200, 0.1, async (index) => {
      const until = performance.now() + (index === 0 ? 100 : 0);
      while (performance.now() < until); // nothing else is sent meanwhile
    });
    expect(p99).toBeGreaterThan(80);
  });

  it('fails when a request does: none is left out of the figures', async () => {
    const failing = (index: number) => (index === 3 ? Promise.reject(new Error('away')) : Promise.resolve());
    await expect(latencyAt(100, 0.1, failing)).rejects.toThrow('away');
  });
});
