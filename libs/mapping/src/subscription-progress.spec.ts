import {
  type SubscriptionProgress,
  accountedUpTo,
  beginAt,
  hasBegunAgain,
  lostIn,
  missingOf,
  progressAfter,
  repeatedWithinMs,
} from './subscription-progress';

const start = new Date('2026-03-10T12:00:00Z');
const later = (ms: number) => new Date(start.getTime() + ms);

/** Event notifications one after the other, within a second. */
function follow(known: SubscriptionProgress | undefined, ...numbers: number[]): SubscriptionProgress {
  return numbers.reduce<SubscriptionProgress | undefined>(
    (progress, number) => progressAfter(progress, { numbers: [number], counter: number }, start),
    known,
  )!;
}

it('begins with the first number that it hears of: what was before, a pull has read', () => {
  expect(missingOf(follow(undefined, 500))).toBeUndefined();
  expect(progressAfter(undefined, { numbers: [], counter: 7 }, start)).toMatchObject({ upTo: 7, told: 7 });
});

it('numbers that follow each other leave nothing missing', () => {
  expect(follow(beginAt(0, start), 1, 2, 3)).toMatchObject({ upTo: 3, ahead: [], told: 3 });
});

it('several events of one notification count each, in whatever order', () => {
  expect(progressAfter(beginAt(0, start), { numbers: [3, 1, 2], counter: 3 }, start)).toMatchObject({
    upTo: 3,
    ahead: [],
  });
});

it('a number that is left out is missing until it comes', () => {
  const gapped = follow(beginAt(0, start), 1, 4, 6);
  expect(missingOf(gapped)).toEqual({ since: 2, until: 6 });
  expect(lostIn({ since: 2, until: 6 }, gapped)).toEqual([2, 3, 5]);
  expect(missingOf(follow(gapped, 3, 2))).toEqual({ since: 5, until: 6 });
  expect(missingOf(follow(gapped, 3, 2, 5))).toBeUndefined();
});

it('what comes twice, or late, changes nothing', () => {
  const progress = follow(beginAt(0, start), 1, 2, 3);
  expect(follow(progress, 2, 3, 1)).toEqual(progress);
});

it('a sign of life tells of the last notifications, which no later one shows to be lost', () => {
  const progress = progressAfter(follow(beginAt(0, start), 1), { numbers: [], counter: 3 }, start);
  expect(missingOf(progress)).toEqual({ since: 2, until: 3 });
  expect(missingOf(progressAfter(progress, { numbers: [], counter: 1 }, start))).toEqual({
    since: 2,
    until: 3,
  });
});

it('what was read otherwise is not missing any more, and what has arrived behind it is known', () => {
  const gapped = follow(beginAt(0, start), 1, 4, 5, 8);
  expect(accountedUpTo(gapped, 3)).toMatchObject({ upTo: 5, ahead: [8], told: 8 });
});

it('a counter that goes back after the time in which one may be repeated has begun again: no gap', () => {
  const progress = follow(beginAt(0, start), ...Array.from({ length: 50 }, (_, index) => index + 1));
  const soon = progressAfter(progress, { numbers: [1], counter: 1 }, later(repeatedWithinMs - 1));
  expect(soon).toMatchObject({ upTo: 50 });
  const anew = progressAfter(progress, { numbers: [1], counter: 1 }, later(repeatedWithinMs));
  expect(anew).toMatchObject({ upTo: 1, told: 1, ahead: [] });
  expect(follow(anew, 2, 3)).toMatchObject({ upTo: 3, told: 3 });
});

it('finds that out as well where events never cease', () => {
  let progress = beginAt(0, start);
  const minute = 60_000;
  for (let number = 1; number <= 10; number++)
    progress = progressAfter(progress, { numbers: [number], counter: number }, later(number * minute));
  expect(progressAfter(progress, { numbers: [9], counter: 9 }, later(10 * minute)).upTo).toBe(10);
  expect(progressAfter(progress, { numbers: [1], counter: 1 }, later(10 * minute)).upTo).toBe(1);
});

it('a greeting without events is no new beginning where none was heard of yet', () => {
  const greeted = progressAfter(beginAt(0, start), { numbers: [], counter: 0 }, later(10 * repeatedWithinMs));
  expect(greeted).toMatchObject({ upTo: 0, told: 0 });
});

it('the server that is asked itself may be believed at once', () => {
  const progress = follow(beginAt(0, start), 1, 2, 3);
  expect(hasBegunAgain(progress, 2)).toBe(true);
  expect(hasBegunAgain(progress, 3)).toBe(false);
});

it('of endlessly many numbers behind a gap the highest are remembered', () => {
  const progress = progressAfter(
    beginAt(0, start),
    { numbers: Array.from({ length: 5_000 }, (_, index) => index + 2), counter: 5_001 },
    start,
  );
  expect(progress.ahead).toHaveLength(1_000);
  expect(progress.ahead.at(-1)).toBe(5_001);
  expect(missingOf(progress)).toEqual({ since: 1, until: 5_001 });
});
