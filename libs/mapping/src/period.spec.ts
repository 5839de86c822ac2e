import { contains } from './period';

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
