/** Shorter ones would take numbers out of a text that are something else: "12" as much as "2024". */
const shortestIdentifier = 5;
const shown = '…';

/** A Dutch citizen service number as people write it: 123456782, 1234.56.782 or 123-456-782. */
const dutch =
  /(?<![\p{L}\p{N}])(?:\d{9}|\d{4}([. -])\d{2}\1\d{3}|\d{3}([. -])\d{3}\2\d{3})(?![\p{L}\p{N}])/gu;
/** A German health insurance number: a letter and nine digits. */
const german = /(?<![\p{L}\p{N}])[A-Z]\d{9}(?![\p{L}\p{N}])/gu;

/**
 * A text without identifiers of the patient, wherever somebody has typed them.
 * @param known values of the patient's identifiers; of five characters or more, with a digit, they are found whatever
 *   stands between their characters
 */
export function withoutIdentifiers(text: string, known: readonly string[]): string {
  const unknown = text
    .replace(dutch, (number) => (isDutch(number.replace(/\D/g, '')) ? shown : number))
    .replace(german, (number) => (isGerman(number) ? shown : number));
  return [...new Set(known)].reduce((rest, value) => withoutOne(rest, value), unknown);
}

function withoutOne(text: string, identifier: string): string {
  const characters = [...identifier].filter((each) => /[\p{L}\p{N}]/u.test(each));
  if (characters.length < shortestIdentifier || !/\d/.test(identifier)) return text;
  const anyhow = characters.join('[ .:/_-]?');
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${anyhow}(?![\\p{L}\\p{N}])`, 'giu'), shown);
}

/** The eleven test (Dutch citizen service number). */
function isDutch(digits: string): boolean {
  const sum = [...digits].reduce((total, digit, at) => total + Number(digit) * (at === 8 ? -1 : 9 - at), 0);
  return Number(digits) > 0 && sum % 11 === 0;
}

/** The check digit of the first ten characters (GKV-Spitzenverband, annex 1 to §290 SGB V): modulo 10, weights 1 and 2. */
function isGerman(number: string): boolean {
  const letter = String(number.charCodeAt(0) - 64).padStart(2, '0');
  const digits = [...(letter + number.slice(1, 9))].map(Number);
  const sum = digits.reduce((total, digit, at) => total + crossSum(digit * (at % 2 === 0 ? 1 : 2)), 0);
  return sum % 10 === Number(number[9]);
}

function crossSum(value: number): number {
  return value > 9 ? value - 9 : value;
}
