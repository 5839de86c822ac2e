import { inOrderPerKey } from './in-order-per-key';

const keyOf = (item: string): string => item.charAt(0);

/** Ends when told to. */
class Steps {
  readonly begun: string[] = [];
  private readonly open = new Map<string, { resolve: () => void; reject: (reason: Error) => void }>();

  readonly work = (item: string): Promise<void> => {
    this.begun.push(item);
    return new Promise((resolve, reject) => this.open.set(item, { resolve, reject }));
  };

  async end(item: string, failure?: Error): Promise<void> {
    const step = this.open.get(item);
    if (!step) throw new Error(`${item} has not begun`);
    if (failure) step.reject(failure);
    else step.resolve();
    await new Promise(setImmediate);
  }
}

describe('inOrderPerKey', () => {
  it('begins an item only after the one before it with the same key has ended', async () => {
    const steps = new Steps();
    const all = inOrderPerKey(['a1', 'b1', 'a2'], keyOf, steps.work);
    expect(steps.begun).toEqual(['a1', 'b1']);
    await steps.end('b1');
    expect(steps.begun).toEqual(['a1', 'b1']);
    await steps.end('a1');
    expect(steps.begun).toEqual(['a1', 'b1', 'a2']);
    await steps.end('a2');
    await all;
  });

  it('begins nothing after a failure, waits for what runs, and throws the first failure', async () => {
    const steps = new Steps();
    const first = new Error('first');
    let settled = false;
    const all = inOrderPerKey(['a1', 'b1', 'a2', 'b2'], keyOf, steps.work).finally(() => (settled = true));
    const outcome = expect(all).rejects.toBe(first);
    await steps.end('a1', first);
    expect(settled).toBe(false);
    await steps.end('b1', new Error('second'));
    await outcome;
    expect(steps.begun).toEqual(['a1', 'b1']);
  });

  it('works through more keys than it works on at the same time', async () => {
    const items = Array.from({ length: 300 }, (_, number) => `${number}`);
    const done: string[] = [];
    let running = 0;
    let most = 0;
    await inOrderPerKey(
      items,
      (item) => item,
      async (item) => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running -= 1;
        done.push(item);
      },
    );
    expect(done.sort()).toEqual(items.sort());
    expect(most).toBe(16);
  });
});
