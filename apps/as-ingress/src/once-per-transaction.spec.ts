import { OncePerTransaction } from './once-per-transaction';

const body = Buffer.from('{"events":[]}');
const otherBody = Buffer.from('{"events":[1]}');

describe('OncePerTransaction', () => {
  let once: OncePerTransaction;
  let runs: number;
  const work = async (): Promise<void> => {
    runs += 1;
  };

  beforeEach(() => {
    once = new OncePerTransaction();
    runs = 0;
  });
  afterEach(() => jest.useRealTimers());

  it('lets a repetition wait for the first, while that one runs', async () => {
    let finish = (): void => undefined;
    const slow = (): Promise<void> => {
      runs += 1;
      return new Promise((resolve) => (finish = resolve));
    };
    const first = once.run('1', body, slow);
    let secondDone = false;
    const second = once.run('1', body, slow).then(() => (secondDone = true));
    await new Promise(setImmediate);
    expect(secondDone).toBe(false);
    finish();
    await Promise.all([first, second]);
    expect(runs).toBe(1);
  });

  it('gives a repetition the failure of the first, and runs the next one', async () => {
    const refused = new Error('refused');
    const failing = (): Promise<void> => Promise.reject(refused);
    const results = await Promise.allSettled([once.run('1', body, failing), once.run('1', body, work)]);
    expect(results).toEqual([
      { status: 'rejected', reason: refused },
      { status: 'rejected', reason: refused },
    ]);
    await once.run('1', body, work);
    expect(runs).toBe(1);
  });

  it('does not run a transaction again that is done', async () => {
    await once.run('1', body, work);
    await once.run('1', body, work);
    expect(runs).toBe(1);
  });

  it('runs another body under the same id: a homeserver set up anew counts from 1 again', async () => {
    await once.run('1', body, work);
    await once.run('1', otherBody, work);
    expect(runs).toBe(2);
  });

  it('runs the same body under another id', async () => {
    await once.run('1', body, work);
    await once.run('2', body, work);
    expect(runs).toBe(2);
  });

  it('forgets after five minutes', async () => {
    jest.useFakeTimers({ now: 0 });
    await once.run('1', body, work);
    jest.setSystemTime(299_000);
    await once.run('1', body, work);
    expect(runs).toBe(1);
    jest.setSystemTime(301_000);
    await once.run('1', body, work);
    expect(runs).toBe(2);
  });

  it('remembers the last hundred', async () => {
    for (let id = 0; id < 101; id++) await once.run(String(id), body, work);
    await once.run('1', body, work);
    expect(runs).toBe(101);
    await once.run('0', body, work);
    expect(runs).toBe(102);
  });
});
