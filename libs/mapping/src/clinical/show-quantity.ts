import type { Language } from '@bridge/contracts';
import type { Quantity, Range, Ratio } from '@medplum/fhirtypes';
import type { LocalTime } from './local-time';
import { wordsIn } from './words/words';

const ucum = 'http://unitsofmeasure.org';
const annotation = /^\{(.+)\}$/;

export type TimeUnit = keyof ReturnType<typeof wordsIn>['timing']['units'];

/** A value with its unit. Units of time are words of the language; all others are written the same everywhere. */
export function showQuantity(quantity: Quantity, language: Language, local: LocalTime): string {
  const { value, comparator, system, code, unit } = quantity;
  if (value === undefined) return '';
  const inWords = system === ucum ? timeUnit(code, value, language) : undefined;
  // `1` is UCUM's for no unit, and its braces are around words that are none: {score}.
  const shownUnit =
    inWords ??
    unit?.replace(annotation, '$1') ??
    (code === '1' ? undefined : code?.replace(annotation, '$1'));
  return [`${comparator ?? ''}${local.number(value)}`, shownUnit].filter(Boolean).join(' ');
}

export function showRange({ low, high }: Range, language: Language, local: LocalTime): string {
  const show = (quantity: Quantity) => showQuantity(quantity, language, local);
  if (low && high) {
    const isSameUnit = (low.unit ?? low.code) === (high.unit ?? high.code);
    return `${isSameUnit && low.value !== undefined ? local.number(low.value) : show(low)} – ${show(high)}`;
  }
  if (low) return `≥ ${show(low)}`;
  return high ? `≤ ${show(high)}` : '';
}

export function showRatio({ numerator, denominator }: Ratio, language: Language, local: LocalTime): string {
  const show = (quantity: Quantity | undefined) =>
    quantity ? showQuantity(quantity, language, local) : undefined;
  return [show(numerator), show(denominator)].filter(Boolean).join(' / ');
}

/** `day` or `days`; undefined for what is no unit of time. */
export function timeUnit(code: string | undefined, count: number, language: Language): string | undefined {
  const { units } = wordsIn(language).timing;
  if (code === undefined || !Object.hasOwn(units, code)) return undefined;
  return units[code as TimeUnit][count === 1 ? 0 : 1];
}
