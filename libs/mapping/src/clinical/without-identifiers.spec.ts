import { withoutIdentifiers } from './without-identifiers';

it.each([
  ['BSN 123456782 known', 'BSN … known'],
  ['123456782', '…'],
  ['(1234.56.782)', '(…)'],
  ['123-456-782, 123 456 782', '…, …'],
  ['KVNR A123456780', 'KVNR …'],
])('what can be a number of citizens or insured people is left out: %s', (text, rest) => {
  expect(withoutIdentifiers(text, [])).toBe(rest);
});

it.each([
  'SNOMED 123456781',
  '123 45 6782',
  '1234567820',
  'x123456782',
  'A123456781',
  '120/80 mmHg, 4.12 10^12/L',
  '000000000',
])('other numbers stay: %s', (text) => {
  expect(withoutIdentifiers(text, [])).toBe(text);
});

it.each([
  ['MRN-12.345', 'seen as mrn 12345 and MRN12345', 'seen as … and …'],
  ['12345', 'order 12345, not 123456', 'order …, not 123456'],
  ['A+(B)*1', 'take A+(B)*1', 'take A+(B)*1'],
  ['A+(B)*123', 'take A B 123', 'take …'],
])('the patient’s own %s is left out however it is written', (known, text, rest) => {
  expect(withoutIdentifiers(text, [known])).toBe(rest);
});

it.each(['2024', '12', '', 'unknown', '----'])('%j is too little to be looked for in a text', (known) => {
  const text = 'in 2024, 12 times, unknown ----';
  expect(withoutIdentifiers(text, [known])).toBe(text);
});
