import { initialsOf } from './initials';

it.each([
  ['Ruben de Wit', 'RW'],
  ['Dr. Yasmina Alami', 'YA'],
  ['Mevr. drs. Élise van den Øst-Ünal', 'EU'],
  ['Ada', 'A'],
  ['ada b. visser', 'AV'],
  ["Sean O'Brien", 'SB'],
  ['Ø', ''],
  ['山田 太郎', ''],
  ['', ''],
  ['  ·  ', ''],
])('%s has the initials “%s”', (name, expected) => {
  expect(initialsOf(name)).toBe(expected);
});
