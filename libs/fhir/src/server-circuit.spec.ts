import { PermanentError, TransientError } from '@bridge/contracts';
import { Metrics, Readiness } from '@bridge/platform';
import { ServerCircuit } from './server-circuit';

const away = (retryAfterMs?: number) => new TransientError('fhir-away', 'away', { advice: '', retryAfterMs });
const timing = { failures: 3, firstWaitMs: 1_000, longestWaitMs: 5_000 };

function world() {
  const metrics = new Metrics();
  const readiness = new Readiness();
  const isAway = (failure: Error) => failure instanceof TransientError;
  const circuit = new ServerCircuit('fhir', isAway, { metrics, readiness }, timing);
  let made = 0;
  const call = (work: () => Promise<unknown>) =>
    circuit
      .call('search', async () => {
        made += 1;
        return work();
      })
      .catch((failure: unknown) => failure as TransientError);
  return {
    call,
    made: () => made,
    fail: (failure: Error = away()) => call(() => Promise.reject(failure)) as Promise<TransientError>,
    succeed: () => call(async () => 'done'),
    open: async () => {
      for (let n = 0; n < timing.failures; n++) await call(() => Promise.reject(away()));
      made = 0;
    },
    gauge: async () =>
      (await metrics.gauge('bridge_circuit_open', '').get()).values.map(({ labels, value }) => [
        labels,
        value,
      ]),
    detail: async () => (await readiness.report()).details?.fhir,
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('opens after some failures in a row: calls then fail at once, unmade, and say when to come again', async () => {
  const { fail, succeed, made, open } = world();
  await open();
  jest.advanceTimersByTime(400);
  const failure = (await succeed()) as TransientError;
  expect(made()).toBe(0);
  expect(failure).toBeInstanceOf(TransientError);
  expect(failure).toMatchObject({ failureClass: 'fhir-away', retryAfterMs: 600 });
  expect((await fail()).retryAfterMs).toBe(600);
});

it('stays closed while failures are not in a row', async () => {
  const { fail, succeed, made } = world();
  for (let n = 0; n < 5; n++) {
    await fail();
    await fail();
    expect(await succeed()).toBe('done');
  }
  expect(made()).toBe(15);
});

it('stays closed over failures that do not mean that the server is away', async () => {
  const { fail, succeed } = world();
  for (let n = 0; n < 10; n++) await fail(new PermanentError('fhir-refused', 'no', { advice: '' }));
  expect(await succeed()).toBe('done');
});

it('lets one call through after the wait, while others wait for what becomes of it', async () => {
  const { call, succeed, made, open } = world();
  await open();
  jest.advanceTimersByTime(1_000);
  let answer: (value: string) => void = () => undefined;
  const trial = call(() => new Promise((resolve) => (answer = resolve)));
  const others = [succeed(), succeed()];
  await jest.advanceTimersByTimeAsync(0);
  expect(made()).toBe(1);
  answer('back');
  expect(await Promise.all([trial, ...others])).toEqual(['back', 'done', 'done']);
});

it('waits twice as long after each trial that fails, up to a limit, and starts over once it has closed', async () => {
  const { fail, succeed, open } = world();
  await open();
  for (const wait of [1_000, 2_000, 4_000, 5_000, 5_000]) {
    expect(((await succeed()) as TransientError).retryAfterMs).toBe(wait);
    jest.advanceTimersByTime(wait);
    expect((await fail()).message).toBe('away');
  }
  jest.advanceTimersByTime(5_000);
  expect(await succeed()).toBe('done');
  await open();
  expect(((await succeed()) as TransientError).retryAfterMs).toBe(1_000);
});

it('waits as long as the server has asked for, within the limit', async () => {
  for (const [asked, waits] of [
    [3_000, 3_000],
    [60_000, 5_000],
  ]) {
    const { fail, succeed } = world();
    for (let n = 0; n < timing.failures; n++) await fail(away(asked));
    expect(((await succeed()) as TransientError).retryAfterMs).toBe(waits);
  }
});

it('is seen in the metric and in the details of the readiness', async () => {
  const { succeed, open, gauge, detail } = world();
  expect(await gauge()).toEqual([[{ server: 'fhir' }, 0]]);
  expect(await detail()).toBe('called');
  jest.setSystemTime(new Date('2026-01-31T10:00:00Z'));
  await open();
  expect(await gauge()).toEqual([[{ server: 'fhir' }, 1]]);
  expect(await detail()).toBe('away since 2026-01-31T10:00:00.000Z, tried again in 1 s');
  jest.advanceTimersByTime(1_000);
  await succeed();
  expect(await gauge()).toEqual([[{ server: 'fhir' }, 0]]);
  expect(await detail()).toBe('called');
});
