import { HomeserverWakeUp } from './homeserver-wake-up';

/** A homeserver that is away for as long as the test wants. */
class Homeserver {
  pings = 0;
  failures = 0;
  private held?: () => void;
  hold = false;

  async pingAppservice(): Promise<{ durationMs: number }> {
    this.pings += 1;
    if (this.hold) await new Promise<void>((resolve) => (this.held = resolve));
    if (this.failures-- > 0) throw new Error('away');
    return { durationMs: 1 };
  }

  release(): void {
    this.hold = false;
    this.held?.();
  }
}

class Queue {
  comesBack = (): void => undefined;

  onReconnect(listener: () => void): void {
    this.comesBack = listener;
  }
}

describe('HomeserverWakeUp', () => {
  let homeserver: Homeserver;
  let queue: Queue;
  let wakeUp: HomeserverWakeUp;

  beforeEach(() => {
    // The delays between tries: up to 60 s.
    jest.spyOn(Math, 'random').mockReturnValue(0);
    homeserver = new Homeserver();
    queue = new Queue();
    wakeUp = new HomeserverWakeUp(homeserver, 'bridge', queue, {
      log: () => undefined,
      warn: () => undefined,
    });
  });
  afterEach(() => {
    wakeUp.beforeApplicationShutdown();
    jest.restoreAllMocks();
  });

  const pings = async (count: number): Promise<void> => {
    while (homeserver.pings < count) await new Promise(setImmediate);
    await new Promise(setImmediate);
  };

  it('pings at the start and each time the queue is back', async () => {
    wakeUp.start();
    await pings(1);
    queue.comesBack();
    await pings(2);
    expect(homeserver.pings).toBe(2);
  });

  it('tries again until the homeserver answers, and not after that', async () => {
    homeserver.failures = 2;
    wakeUp.start();
    await pings(3);
    expect(homeserver.pings).toBe(3);
  });

  it('pings one at a time, and once more for what happened meanwhile', async () => {
    homeserver.hold = true;
    wakeUp.start();
    queue.comesBack();
    queue.comesBack();
    expect(homeserver.pings).toBe(1);
    homeserver.release();
    await pings(2);
    expect(homeserver.pings).toBe(2);
  });

  describe('when transactions are refused', () => {
    beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate'] }));
    afterEach(() => jest.useRealTimers());

    it('pings when none comes for ten seconds, then after pauses that double up to a minute', async () => {
      const pauses = [10, 20, 40, 60, 60];
      for (const [index, seconds] of pauses.entries()) {
        wakeUp.transactionRefused();
        wakeUp.transactionRefused();
        await jest.advanceTimersByTimeAsync(seconds * 1_000 - 1);
        expect(homeserver.pings).toBe(index);
        await jest.advanceTimersByTimeAsync(1);
        expect(homeserver.pings).toBe(index + 1);
      }
    });

    it('does not ping when the homeserver repeats by itself, and begins anew when that was stored', async () => {
      wakeUp.transactionRefused();
      await jest.advanceTimersByTimeAsync(10_000);
      wakeUp.transactionRefused();
      wakeUp.transactionCame();
      await jest.advanceTimersByTimeAsync(600_000);
      expect(homeserver.pings).toBe(1);
      wakeUp.transactionStored();
      wakeUp.transactionRefused();
      await jest.advanceTimersByTimeAsync(10_000);
      expect(homeserver.pings).toBe(2);
    });
  });

  it('stops with the app, in the middle of a wait', async () => {
    homeserver.failures = Infinity;
    wakeUp.start();
    await pings(1);
    wakeUp.beforeApplicationShutdown();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(homeserver.pings).toBe(1);
  });
});
