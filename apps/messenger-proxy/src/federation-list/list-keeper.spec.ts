import { FederationList } from './federation-list';
import { ListKeeper, type ListKeeperOptions, ListOutdated } from './list-keeper';
import { listPayload } from './test-lists';

const DAY_MS = 24 * 3_600_000;

/** A keeper beside lists that are only JSON: whether they are believed is tested elsewhere. */
function keeping(options: Partial<ListKeeperOptions> = {}) {
  const clock = { now: 1_000_000_000 };
  const served: { jws: string | undefined; fails?: boolean; asked: (number | undefined)[] } = {
    jws: undefined,
    asked: [],
  };
  const stored: { value?: { jws: string; confirmedAt: Date } } = {};
  const events: string[] = [];
  const keeper = new ListKeeper({
    fetch: (newerThan) => {
      served.asked.push(newerThan);
      return served.fails ? Promise.reject(new Error('away')) : Promise.resolve(served.jws);
    },
    read: (jws, at) => readAsOf(jws, at),
    store: {
      load: () => Promise.resolve(stored.value),
      save: (value) => {
        stored.value = value;
        return Promise.resolve();
      },
    },
    timeToLiveMs: DAY_MS,
    missPauseMs: 10_000,
    now: () => clock.now,
    report: (event) => events.push(event),
    ...options,
  });
  return { keeper, clock, served, stored, events };
}
/** One that has ended is not believed, as readSignedList has it. */
async function readAsOf(jws: string, at: Date): Promise<FederationList> {
  const read = FederationList.parse(JSON.parse(jws));
  if (read.validUntil && read.validUntil <= at) throw new Error('It was valid until then');
  return read;
}
const list = (version: number, ...domains: string[]): string => JSON.stringify(listPayload(version, domains));

describe('ListKeeper', () => {
  it('lets nobody in before it has a list', async () => {
    const { keeper, events } = keeping();
    await keeper.start();
    expect(() => keeper.current()).toThrow(ListOutdated);
    await expect(keeper.isListed('a.example')).rejects.toThrow(ListOutdated);
    expect([keeper.ageMs(), keeper.version(), events]).toEqual([Infinity, 0, ['failed']]);
  });

  it('takes a newer list and keeps it for the next run', async () => {
    const { keeper, served, stored } = keeping();
    served.jws = list(3, 'a.example');
    await keeper.start();
    expect(await keeper.isListed('a.example')).toBe(true);
    expect(stored.value?.jws).toBe(served.jws);
    const next = keeping();
    next.stored.value = stored.value;
    next.served.fails = true;
    await next.keeper.start();
    expect(await next.keeper.isListed('a.example')).toBe(true);
    expect(next.served.asked).toEqual([3]);
  });

  it('goes back to no older version', async () => {
    const { keeper, served, events } = keeping();
    served.jws = list(3, 'a.example');
    await keeper.start();
    served.jws = list(2, 'evil.example');
    await keeper.refresh();
    expect([keeper.version(), await keeper.isListed('a.example'), events]).toEqual([
      3,
      true,
      ['refreshed', 'failed'],
    ]);
  });

  it('looks again for a server that is not in the list, and not for every request', async () => {
    const { keeper, served, clock } = keeping();
    served.jws = list(1, 'a.example');
    await keeper.start();
    served.jws = list(2, 'a.example', 'b.example');
    expect(await keeper.isListed('b.example')).toBe(true);
    served.asked.length = 0;
    expect([await keeper.isListed('c.example'), await keeper.isListed('d.example')]).toEqual([false, false]);
    expect(served.asked).toEqual([]);
    clock.now += 10_001;
    expect(await Promise.all([keeper.isListed('c.example'), keeper.isListed('c.example')])).toEqual([
      false,
      false,
    ]);
    expect(served.asked).toEqual([2]);
  });

  it('lets nobody in when the list was not confirmed for longer than it lives, and again when it is', async () => {
    const { keeper, served, clock, events } = keeping();
    served.jws = list(1, 'a.example');
    await keeper.start();
    served.fails = true;
    clock.now += DAY_MS;
    await keeper.refresh();
    expect(await keeper.isListed('a.example')).toBe(true);
    clock.now += 1;
    await expect(keeper.isListed('a.example')).rejects.toThrow(ListOutdated);
    served.fails = false;
    served.jws = undefined;
    await keeper.refresh();
    expect(await keeper.isListed('a.example')).toBe(true);
    expect(events).toEqual(['refreshed', 'failed', 'unchanged']);
  });

  it('ends a list at the time that it names itself', async () => {
    const { keeper, served, clock } = keeping();
    served.jws = JSON.stringify(listPayload(1, ['a.example'], { exp: clock.now / 1_000 + 60 }));
    await keeper.start();
    expect(keeper.current().size).toBe(1);
    clock.now += 60_000;
    expect(() => keeper.current()).toThrow(ListOutdated);
  });

  it('tells how long that is', async () => {
    const { keeper, served, clock } = keeping();
    expect(keeper.leftMs()).toBeUndefined();
    served.jws = list(1, 'a.example');
    await keeper.start();
    expect(keeper.leftMs()).toBeUndefined();
    served.jws = JSON.stringify(listPayload(2, ['a.example'], { exp: clock.now / 1_000 + 60 }));
    await keeper.refresh();
    clock.now += 90_000;
    expect(keeper.leftMs()).toBe(-30_000);
  });

  it('confirms no list that has ended: it grows old, which somebody is told', async () => {
    const { keeper, served, stored, clock, events } = keeping();
    served.jws = JSON.stringify(listPayload(1, ['a.example'], { exp: clock.now / 1_000 + 60 }));
    await keeper.start();
    clock.now += 60_000;
    await keeper.refresh();
    expect([events, keeper.ageMs(), stored.value?.confirmedAt.getTime()]).toEqual([
      ['refreshed', 'failed'],
      60_000,
      clock.now - 60_000,
    ]);
  });

  it('goes back to no older version after a restart either, though the newest has ended meanwhile', async () => {
    const { keeper, served, stored, clock } = keeping();
    served.jws = JSON.stringify(listPayload(5, ['a.example'], { exp: clock.now / 1_000 + 60 }));
    await keeper.start();
    const next = keeping();
    next.stored.value = stored.value;
    next.clock.now = clock.now + 61_000;
    next.served.jws = list(4, 'evil.example');
    await next.keeper.start();
    expect(() => next.keeper.current()).toThrow(ListOutdated);
    expect([next.keeper.version(), next.events]).toEqual([5, ['failed']]);
  });

  it('takes the same version again where it is only signed anew, and not where it says something else', async () => {
    const { keeper, served, events } = keeping();
    served.jws = list(3, 'a.example', 'b.example');
    await keeper.start();
    served.jws = JSON.stringify(listPayload(3, ['b.example', 'a.example'], { signed: 'anew' }));
    await keeper.refresh();
    served.jws = list(3, 'a.example', 'evil.example');
    await keeper.refresh();
    expect([keeper.current().domains().sort(), events]).toEqual([
      ['a.example', 'b.example'],
      ['refreshed', 'refreshed', 'failed'],
    ]);
  });

  it('takes what another replica has found, and does not put an older one in its place', async () => {
    const { keeper, served, stored, clock, events } = keeping();
    served.jws = list(3, 'a.example');
    await keeper.start();
    const newer = list(4, 'a.example', 'b.example');
    stored.value = { jws: newer, confirmedAt: new Date(clock.now) };
    await keeper.refresh();
    expect([keeper.version(), stored.value.jws, events]).toEqual([4, newer, ['refreshed', 'failed']]);
  });

  it('goes on with the list it has where a new one cannot be believed', async () => {
    const read = jest
      .fn()
      .mockImplementationOnce((jws: string) => Promise.resolve(FederationList.parse(JSON.parse(jws))))
      .mockRejectedValue(new Error('Its signature is wrong'));
    const { keeper, served, stored } = keeping({ read });
    served.jws = list(1, 'a.example');
    await keeper.start();
    const kept = stored.value;
    served.jws = list(2, 'evil.example');
    await keeper.refresh();
    expect([keeper.version(), stored.value]).toEqual([1, kept]);
  });
});
