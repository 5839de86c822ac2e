import { Remembered } from './remembered';

describe('what is remembered', () => {
  it.each([
    [60_000, 'yes'],
    [60_001, undefined],
  ])('is after %d ms of 60,000: %s', (elapsedMs, expected) => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    const remembered = new Remembered<string>(10, 60_000);
    remembered.set('a', 'yes');
    now.mockReturnValue(1_000 + elapsedMs);
    expect(remembered.get('a')).toBe(expected);
    now.mockRestore();
  });

  it('is nothing where the time is 0', () => {
    const remembered = new Remembered<string>(10, 0);
    remembered.set('a', 'yes');
    expect(remembered.get('a')).toBeUndefined();
    remembered.delete('a');
    remembered.deleteAll('yes');
  });

  it('is never more than so many', () => {
    const remembered = new Remembered<true>(2, 60_000);
    for (const id of ['a', 'b', 'c']) remembered.set(id, true);
    expect([remembered.get('a'), remembered.get('b'), remembered.get('c')]).toEqual([undefined, true, true]);
  });

  it('can be forgotten one by one, and all of one kind', () => {
    const remembered = new Remembered<string>(10, 60_000);
    for (const [id, value] of [
      ['a', 'x'],
      ['b', 'x'],
      ['c', 'x'],
      ['d', 'y'],
    ] as const)
      remembered.set(id, value);
    remembered.delete('a');
    expect(remembered.get('b')).toBe('x');
    remembered.deleteAll('x');
    expect(['a', 'b', 'c', 'd'].map((id) => remembered.get(id))).toEqual([
      undefined,
      undefined,
      undefined,
      'y',
    ]);
  });
});
