import { fhirString } from './fhir-string';

it.each([
  ['a', 'a'],
  [' a\t\r\n ', ' a\t\r\n '],
  ['a\u0000b\u001b\u007f\u0085c', 'abc'],
  ['é 👍🏽', 'é 👍🏽'],
  ['', undefined],
  [' \n\t', undefined],
  ['\u0000\u0007', undefined],
])('%j may stand in FHIR as %j', (text, expected) => {
  expect(fhirString(text)).toBe(expected);
});
