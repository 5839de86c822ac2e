import { UserId } from '@bridge/contracts';
import { InviteContactStore, TurnStore } from '@bridge/persistence';
import type { TestingModule } from '@nestjs/testing';
import { openStores } from '../support/stores';

let stores: TestingModule[];
let one: TurnStore;
let other: TurnStore;

beforeAll(async () => {
  stores = await Promise.all([openStores(), openStores()]);
  [one, other] = stores.map((nest) => nest.get(TurnStore)) as [TurnStore, TurnStore];
});
afterAll(() => Promise.all(stores.map((nest) => nest.close())));

describe('work that one process does at a time', () => {
  it('is not done by another one meanwhile, and may be done by it afterwards', async () => {
    let end: (result: number) => void = () => undefined;
    let begun: () => void = () => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const first = one.take('rooms', () => {
      begun();
      return new Promise<number>((resolve) => (end = resolve));
    });
    await hasBegun;
    expect(await other.take('rooms', () => Promise.resolve(2))).toBeUndefined();
    expect(await other.take('other work', () => Promise.resolve(3))).toBe(3);
    end(1);
    expect(await first).toBe(1);
    expect(await other.take('rooms', () => Promise.resolve(2))).toBe(2);
  });

  it('leaves the turn to others when it fails', async () => {
    await expect(one.take('rooms', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await other.take('rooms', () => Promise.resolve(2))).toBe(2);
  });
});

describe('contacts whose end is over', () => {
  it('are removed, and no others', async () => {
    const contacts = stores[0]!.get(InviteContactStore);
    const owner = UserId.parse('@owner:own.example');
    const now = new Date();
    const after = (ms: number) => new Date(now.getTime() + ms);
    const ends = { ended: after(-1), ending: now, later: after(1), never: undefined };
    for (const [name, end] of Object.entries(ends)) {
      const approved = UserId.parse(`@${name}:partner.example`);
      await contacts.add({ owner, approved, displayName: name, start: after(-60_000), end });
    }
    expect(await contacts.removeEnded(now)).toBe(1);
    expect((await contacts.list(owner)).map(({ displayName }) => displayName)).toEqual([
      'ending',
      'later',
      'never',
    ]);
  });
});
