import { TransientError } from '@bridge/contracts';
import { Readiness } from './readiness';

describe('Readiness', () => {
  it('is ready when every check is up, and names each', async () => {
    const readiness = new Readiness();
    readiness.register('nats', () => undefined);
    readiness.register('postgres', async () => undefined);
    expect(await readiness.report()).toEqual({ ready: true, checks: { nats: 'up', postgres: 'up' } });
  });

  it("says why not in the bridge's own words, and never in a driver's, which may hold a password", async () => {
    const readiness = new Readiness();
    readiness.register('nats', () => {
      throw new TransientError('queue-unavailable', 'away', { advice: 'reconnecting' });
    });
    readiness.register('postgres', async () => {
      throw Object.assign(new Error('postgres://bridge:letmein@db refused'), { code: 'ECONNREFUSED' });
    });
    readiness.register('other', () => Promise.reject(new Error('letmein')));
    const report = await readiness.report();
    expect(report).toEqual({
      ready: false,
      checks: { nats: 'reconnecting', postgres: 'down (ECONNREFUSED)', other: 'down' },
    });
  });

  it('runs the checks at the same time and gives each two seconds', async () => {
    jest.useFakeTimers();
    try {
      const readiness = new Readiness();
      readiness.register('slow', () => new Promise(() => undefined));
      readiness.register('slower', () => new Promise(() => undefined));
      readiness.register('quick', () => undefined);
      const report = readiness.report();
      await jest.advanceTimersByTimeAsync(2000);
      expect(await report).toEqual({
        ready: false,
        checks: { slow: 'no answer within 2000 ms', slower: 'no answer within 2000 ms', quick: 'up' },
      });
    } finally {
      jest.useRealTimers();
    }
  });

  it('is never ready again once it drains', async () => {
    const readiness = new Readiness();
    readiness.register('nats', () => undefined);
    readiness.drain();
    expect(await readiness.report()).toEqual({ ready: false, checks: { process: 'draining' } });
  });

  it('reports details beside the checks, ready or not, and never because of them', async () => {
    const readiness = new Readiness();
    readiness.register('nats', () => undefined);
    readiness.registerDetail('transactions', () => 'none since the start');
    readiness.registerDetail('broken', () => {
      throw new Error('letmein');
    });
    const details = { transactions: 'none since the start', broken: 'not known' };
    expect(await readiness.report()).toEqual({ ready: true, checks: { nats: 'up' }, details });
    readiness.register('postgres', () => Promise.reject(new Error('letmein')));
    expect(await readiness.report()).toMatchObject({ ready: false, details });
  });

  it('refuses two details of one name', () => {
    const readiness = new Readiness();
    readiness.registerDetail('transactions', () => '');
    expect(() => readiness.registerDetail('transactions', () => '')).toThrow('transactions');
  });

  it('refuses two checks of one name', () => {
    const readiness = new Readiness();
    readiness.register('nats', () => undefined);
    expect(() => readiness.register('nats', () => undefined)).toThrow('nats');
  });
});
