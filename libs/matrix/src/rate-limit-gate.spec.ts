import { RateLimitGate } from './rate-limit-gate';

beforeEach(() => void jest.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void jest.useRealTimers());

const refusal = (gate: RateLimitGate) => {
  try {
    gate.pass('try');
    return undefined;
  } catch (error) {
    return error;
  }
};

it('is open until a homeserver asks for patience, and again when the time is over', () => {
  const gate = new RateLimitGate();
  expect(refusal(gate)).toBeUndefined();
  gate.note({ statusCode: 429, retryAfterMs: 2_500 });
  jest.setSystemTime(1_001_000);
  expect(refusal(gate)).toMatchObject({ recovery: 'transient', retryAfterMs: 1_500 });
  jest.setSystemTime(1_002_500);
  expect(refusal(gate)).toBeUndefined();
});

it('waits for the longest that was asked for, and a second where no time was said', () => {
  const gate = new RateLimitGate();
  gate.note({ statusCode: 429 });
  expect(refusal(gate)).toMatchObject({ retryAfterMs: 1_000 });
  gate.note({ statusCode: 429, retryAfterMs: 9_000 });
  gate.note({ statusCode: 429, retryAfterMs: 10 });
  expect(refusal(gate)).toMatchObject({ retryAfterMs: 9_000 });
});

it.each([[{ statusCode: 502, retryAfterMs: 5 }], [new Error('away')], [undefined]])(
  'stays open after %p',
  (failure) => {
    const gate = new RateLimitGate();
    gate.note(failure);
    expect(refusal(gate)).toBeUndefined();
  },
);
