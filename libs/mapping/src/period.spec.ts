import { contains, earlier, nextChange } from './period';

describe('contains', () => {
  const noon = new Date('2026-03-10T12:00:00Z');

  it.each([
    [undefined, true],
    [{}, true],
    [{ start: '2026-03-10' }, true],
    [{ start: '2026-03-10T12:00:01Z' }, false],
    [{ end: '2026-03-10' }, true],
    [{ end: '2026-03-09' }, false],
    [{ end: '2026-03' }, true],
    [{ end: '2026' }, true],
    [{ end: '2025' }, false],
    [{ end: '2026-03-10T13:00:00+02:00' }, false],
    [{ start: '2026-01-01', end: '2026-12-31' }, true],
  ])('%j contains noon of 10 March: %s', (period, expected) => {
    expect(contains(period, noon)).toBe(expected);
  });
});

describe('nextChange', () => {
  const noon = new Date('2026-03-10T12:00:00Z');
  const soon = '2026-03-10T12:00:05Z';
  const later = '2026-03-10T18:00:00+02:00';

  it.each<[string, Parameters<typeof nextChange>[0], string | null]>([
    ['no period', [undefined, {}], null],
    ['periods that are over or begin in the past', [{ start: '2020' }, { end: '2026-03-09' }], null],
    ['a start', [{ start: soon }], soon],
    ['an end, which still belongs to the period', [{ end: soon }], '2026-03-10T12:00:05.001Z'],
    ['an end that is a day', [{ end: '2026-03-10' }], '2026-03-11T00:00:00Z'],
    ['an end that is a month', [{ end: '2026-03' }], '2026-04-01T00:00:00Z'],
    ['an end that is a year', [{ end: '2026' }], '2027-01-01T00:00:00Z'],
    [
      'the nearest of several',
      [
        { start: later, end: '2027' },
        { start: '2026', end: '2028' },
      ],
      later,
    ],
    ['now itself, which is no change ahead', [{ start: '2026-03-10T12:00:00Z' }], null],
    ['what is no date', [{ start: 'soon', end: 'never' }], null],
  ])('of %s', (_words, periods, expected) => {
    expect(nextChange(periods, noon)).toEqual(expected === null ? null : new Date(expected));
  });

  it('is the instant at which the answer of contains changes', () => {
    for (const period of [{ start: soon }, { end: soon }, { end: '2026-03-10' }]) {
      const at = nextChange([period], noon)!;
      const before = new Date(at.getTime() - 1);
      expect(contains(period, at)).not.toBe(contains(period, before));
    }
  });
});

it('the earlier of two instants is the one that is not never', () => {
  const [one, two] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-01-02T00:00:00Z')];
  expect(earlier(one, two)).toBe(one);
  expect(earlier(two, one)).toBe(one);
  expect(earlier(null, two)).toBe(two);
  expect(earlier(one, null)).toBe(one);
  expect(earlier(null, null)).toBeNull();
});
