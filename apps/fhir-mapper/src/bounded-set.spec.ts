import { BoundedSet } from './bounded-set';

it('a bounded set forgets its oldest member, and no other, when it is full', () => {
  const set = new BoundedSet<string>(2);
  for (const member of ['a', 'b', 'c']) set.add(member);
  expect(['a', 'b', 'c'].map((member) => set.has(member))).toEqual([false, true, true]);
});

it('what is added again takes no further place', () => {
  const set = new BoundedSet<string>(2);
  for (const member of ['a', 'b', 'b', 'a']) set.add(member);
  expect(['a', 'b'].map((member) => set.has(member))).toEqual([true, true]);
});
