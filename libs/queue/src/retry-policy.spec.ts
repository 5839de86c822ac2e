import { NeedsPersonError, PermanentError, TransientError } from '@bridge/contracts';
import { backoffMs, verdictOn } from './retry-policy';

const busy = (retryAfterMs?: number): TransientError =>
  new TransientError('busy', 'Busy.', { advice: 'Wait.', retryAfterMs });

const retryIn = (delayMs: number) => ({
  action: 'retry',
  recovery: 'transient',
  failureClass: 'busy',
  delayMs,
});

describe('retry policy', () => {
  it('doubles the ceiling of the delay from 200 ms up to a minute', () => {
    expect([1, 2, 3, 9, 10, 1_000_000].map((attempts) => backoffMs('transient', attempts, 1))).toEqual([
      200, 400, 800, 51_200, 60_000, 60_000,
    ]);
  });

  it('jitters over the whole of the delay', () => {
    expect(backoffMs('transient', 3, 0)).toBe(0);
    expect(backoffMs('transient', 3, 0.5)).toBe(400);
  });

  it('tries a transient error again without end', () => {
    expect(verdictOn(busy(), 100_000, 1)).toEqual(retryIn(60_000));
  });

  it('waits at least as long as the other side asked for, even beyond the ceiling', () => {
    expect(verdictOn(busy(300), 1, 1)).toEqual(retryIn(300));
    expect(verdictOn(busy(300), 5, 1)).toEqual(retryIn(3_200));
    expect(verdictOn(busy(600_000), 1, 0)).toEqual(retryIn(600_000));
  });

  it('waits longer for a person, between half of the ceiling and the whole, and never gives up either', () => {
    const refused = new NeedsPersonError('token', 'Refused.', { advice: 'Mend the token.' });
    const delays = [1, 2, 5, 100_000].map((attempts) =>
      [0, 1].map((random) => verdictOn(refused, attempts, random)),
    );
    const expected = (delayMs: number) => ({
      ...retryIn(delayMs),
      recovery: 'needs-person',
      failureClass: 'token',
    });
    expect(delays).toEqual([
      [expected(2_500), expected(5_000)],
      [expected(5_000), expected(10_000)],
      [expected(30_000), expected(60_000)],
      [expected(30_000), expected(60_000)],
    ]);
  });

  it('hands a permanent error to the dead letters at once', () => {
    const error = new PermanentError('conversation-unknown', 'There is no such room.', {
      advice: 'Make it.',
    });
    expect(verdictOn(error, 1)).toEqual({
      action: 'dead-letter',
      failureClass: 'conversation-unknown',
      reason: 'There is no such room.',
    });
  });

  it('gives an error that nobody foresaw five deliveries, and never quotes it', () => {
    const bug = new RangeError('Jansen');
    expect(verdictOn(bug, 4, 1)).toEqual({ ...retryIn(1_600), failureClass: 'unexpected' });
    expect(verdictOn(bug, 5, 1)).toEqual({
      action: 'dead-letter',
      failureClass: 'unexpected',
      reason: 'RangeError, see the log of the worker.',
    });
    expect(JSON.stringify(verdictOn('Jansen', 5))).not.toContain('Jansen');
  });
});
