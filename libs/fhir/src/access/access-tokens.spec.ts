import { TransientError } from '@bridge/contracts';
import { AccessTokens, type IssuedToken } from './access-tokens';

const minute = 60_000;

/** An issuer whose answers the test gives. */
function world(lifeMs = 5 * minute) {
  const asked: { resolve: () => void; reject: (failure: Error) => void }[] = [];
  const issue = () => {
    const value = `t${asked.length + 1}`;
    return new Promise<IssuedToken>((resolve, reject) => {
      asked.push({ resolve: () => resolve({ value, lifeMs }), reject });
    });
  };
  return { asked, tokens: new AccessTokens(issue) };
}

/** Lets everything go on that waits for nothing but promises. */
const settled = () => jest.advanceTimersByTimeAsync(0);

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('asks once, however many callers need a token at the same time', async () => {
  const { asked, tokens } = world();
  const headers = Promise.all(Array.from({ length: 50 }, () => tokens.header()));
  await settled();
  expect(asked).toHaveLength(1);
  asked[0]!.resolve();
  expect(new Set(await headers)).toEqual(new Set(['Bearer t1']));
  expect(await tokens.header()).toBe('Bearer t1');
  expect(asked).toHaveLength(1);
});

it('renews while the token still serves: nobody waits, and it is asked for once', async () => {
  const { asked, tokens } = world();
  const first = tokens.header();
  asked[0]!.resolve();
  await first;
  await jest.advanceTimersByTimeAsync(3.7 * minute);
  expect(await tokens.header()).toBe('Bearer t1');
  expect(asked).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(0.1 * minute);
  const during = await Promise.all([tokens.header(), tokens.header(), tokens.header()]);
  expect(during).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1']);
  expect(asked).toHaveLength(2);
  asked[1]!.resolve();
  await settled();
  expect(await tokens.header()).toBe('Bearer t2');
});

it('does not use a token up to its last second', async () => {
  const { asked, tokens } = world();
  const first = tokens.header();
  asked[0]!.resolve();
  await first;
  await jest.advanceTimersByTimeAsync(5 * minute - 9_000);
  let header: string | undefined;
  void tokens.header().then((value) => (header = value));
  await settled();
  expect(header).toBeUndefined();
  asked[1]!.resolve();
  await settled();
  expect(header).toBe('Bearer t2');
});

it('serves on with the present token when renewing fails, and tries again after a while', async () => {
  const { asked, tokens } = world();
  const first = tokens.header();
  asked[0]!.resolve();
  await first;
  await jest.advanceTimersByTimeAsync(4 * minute);
  for (const [failure, waitMs] of [
    [new Error('away'), 1_000],
    [new TransientError('fhir-token-away', 'away', { advice: '', retryAfterMs: 5_000 }), 5_000],
  ] as const) {
    expect(await tokens.header()).toBe('Bearer t1');
    const tries = asked.length;
    asked.at(-1)!.reject(failure);
    await settled();
    await jest.advanceTimersByTimeAsync(waitMs - 1);
    expect(await tokens.header()).toBe('Bearer t1');
    expect(asked).toHaveLength(tries);
    await jest.advanceTimersByTimeAsync(1);
  }
  expect(await tokens.header()).toBe('Bearer t1');
  expect(asked).toHaveLength(4);
});

it('fails every caller that waits when there is no token to be had, and asks again for the next', async () => {
  const { asked, tokens } = world();
  const waiting = [tokens.header(), tokens.header()].map((header) =>
    header.catch((error: Error) => error.message),
  );
  asked[0]!.reject(new Error('away'));
  expect(await Promise.all(waiting)).toEqual(['away', 'away']);
  const next = tokens.header();
  asked[1]!.resolve();
  expect(await next).toBe('Bearer t2');
});

it('lets a refused token go, but not the one that came after it', async () => {
  const { asked, tokens } = world();
  const first = tokens.header();
  asked[0]!.resolve();
  const old = await first;
  expect(tokens.refused(old)).toBe(true);
  const second = tokens.header();
  asked[1]!.resolve();
  expect(await second).toBe('Bearer t2');
  expect(tokens.refused(old)).toBe(true);
  expect(await tokens.header()).toBe('Bearer t2');
  expect(asked).toHaveLength(2);
});

it('uses a token that lives for seconds for most of them', async () => {
  const { asked, tokens } = world(10_000);
  const first = tokens.header();
  asked[0]!.resolve();
  await first;
  await jest.advanceTimersByTimeAsync(7_000);
  expect(await tokens.header()).toBe('Bearer t1');
  expect(asked).toHaveLength(1);
});
