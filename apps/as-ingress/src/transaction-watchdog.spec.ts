import { TransientError } from '@bridge/contracts';
import { Metrics, Readiness } from '@bridge/platform';
import { TransactionWatchdog } from './transaction-watchdog';

const MINUTE = 60_000;
const SILENCE = 10 * MINUTE;

/** A homeserver that is away for as long as the test wants. */
class Homeserver {
  pings = 0;
  away = false;
  duringPing = (): void => undefined;

  async pingAppservice(): Promise<{ durationMs: number }> {
    this.pings += 1;
    this.duringPing();
    if (this.away) throw new TransientError('homeserver-away', 'away', { advice: 'look' });
    return { durationMs: 1 };
  }
}

describe('TransactionWatchdog', () => {
  let homeserver: Homeserver;
  let readiness: Readiness;
  let metrics: Metrics;
  let errors: Record<string, unknown>[];
  let watchdog: TransactionWatchdog;

  beforeEach(() => {
    jest.useFakeTimers({ now: Date.UTC(2026, 10, 21) });
    homeserver = new Homeserver();
    readiness = new Readiness();
    metrics = new Metrics();
    errors = [];
    watchdog = new TransactionWatchdog({ id: 'bridge', silenceMs: SILENCE }, homeserver, readiness, metrics, {
      log: () => undefined,
      error: (fields: unknown) => void errors.push(fields as Record<string, unknown>),
    });
    watchdog.start();
  });
  afterEach(() => {
    watchdog.beforeApplicationShutdown();
    jest.useRealTimers();
  });

  const pass = (minutes: number): Promise<unknown> => jest.advanceTimersByTimeAsync(minutes * MINUTE);
  const detail = async (): Promise<unknown> => (await readiness.report()).details?.transactions;
  const counted = async (name: string): Promise<unknown> =>
    (await metrics.registry.getSingleMetric(name)?.get())?.values.map(({ labels, value }) => [
      ...Object.values(labels),
      value,
    ]);

  it('asks nothing while transactions come', async () => {
    for (let minute = 0; minute < 60; minute++) {
      await pass(1);
      watchdog.transactionCame();
    }
    expect(homeserver.pings).toBe(0);
    expect(await detail()).toBe('last 2026-11-21T01:00:00.000Z');
    expect(await counted('bridge_as_last_transaction_timestamp_seconds')).toEqual([
      [Date.UTC(2026, 10, 21, 1) / 1000],
    ]);
  });

  it('asks for a ping after the silence, no sooner, counted from the latest transaction', async () => {
    await pass(6);
    watchdog.transactionCame();
    await pass(9);
    expect(homeserver.pings).toBe(0);
    await pass(1);
    expect(homeserver.pings).toBe(1);
    expect(await detail()).toBe('last 2026-11-21T00:06:00.000Z; the homeserver reaches this bridge');
    expect(await counted('bridge_as_silence_pings_total')).toEqual([
      ['reached', 1],
      ['failed', 0],
    ]);
    expect(errors).toEqual([]);
  });

  it('repeats it with growing pauses while the silence lasts', async () => {
    const at: number[] = [];
    homeserver.duringPing = () => void at.push((Date.now() - Date.UTC(2026, 10, 21)) / MINUTE);
    await pass(240);
    expect(at).toEqual([10, 30, 70, 130, 190]);
  });

  it('says with an advice when the homeserver does not reach the bridge, and stays ready', async () => {
    homeserver.away = true;
    await pass(10);
    expect(await readiness.report()).toEqual({
      ready: true,
      checks: {},
      details: {
        transactions: 'none since the start; the homeserver does not reach this bridge, see the log',
      },
    });
    expect(errors).toMatchObject([{ failureClass: 'homeserver-away', silentMs: SILENCE }]);
    expect(errors[0]?.advice).toContain('registration file');
    expect(await counted('bridge_as_silence_pings_total')).toEqual([
      ['reached', 0],
      ['failed', 1],
    ]);
  });

  it('ends with a transaction, and begins anew after it', async () => {
    homeserver.away = true;
    await pass(75);
    expect(homeserver.pings).toBe(3);
    watchdog.transactionCame();
    expect(await detail()).toBe('last 2026-11-21T01:15:00.000Z');
    await pass(9);
    expect(homeserver.pings).toBe(3);
    await pass(1);
    expect(homeserver.pings).toBe(4);
    await pass(20);
    expect(homeserver.pings).toBe(5);
  });

  it('believes a transaction that comes during a ping more than the ping', async () => {
    homeserver.away = true;
    homeserver.duringPing = () => watchdog.transactionCame();
    await pass(10);
    expect(homeserver.pings).toBe(1);
    expect(await detail()).toBe('last 2026-11-21T00:10:00.000Z');
    homeserver.duringPing = () => undefined;
    await pass(10);
    expect(homeserver.pings).toBe(2);
  });

  it('stops with the app', async () => {
    watchdog.beforeApplicationShutdown();
    await pass(100);
    expect(homeserver.pings).toBe(0);
  });
});
