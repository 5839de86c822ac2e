import { BoundedMap } from './bounded-map';

it('a bounded map forgets its oldest entry, and no other, when it is full', () => {
  const map = new BoundedMap<string, number>(2, 60_000);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([3, undefined, 4]);
});

it('an entry is forgotten after its time', () => {
  jest.useFakeTimers();
  const map = new BoundedMap<string, number>(2, 1_000);
  map.set('a', 1);
  jest.advanceTimersByTime(999);
  expect(map.get('a')).toBe(1);
  jest.advanceTimersByTime(1);
  expect(map.get('a')).toBeUndefined();
  jest.useRealTimers();
});
