import type { Language } from '@bridge/contracts';
import type { CodeableConcept, Dosage, Timing, TimingRepeat } from '@medplum/fhirtypes';
import type { LocalTime } from './local-time';
import { showConcept } from './show-concept';
import { showQuantity, showRange, showRatio, timeUnit } from './show-quantity';
import { wordsIn } from './words/words';

/** A dosage: in the prescriber's words, else all of it in the language's. */
export function showDosage(dosage: Dosage, language: Language, local: LocalTime): string {
  if (dosage.text !== undefined) return dosage.text;
  const { timing: words } = wordsIn(language);
  const { timing, asNeededBoolean, asNeededCodeableConcept: reason, maxDosePerPeriod: most } = dosage;
  const concept = (each: CodeableConcept) => showConcept(each, language);
  const parts = [
    ...(dosage.doseAndRate ?? []).flatMap((amounts) => showAmounts(amounts, language, local)),
    timing && showTiming(timing, language, local),
    dosage.method && concept(dosage.method),
    dosage.route && concept(dosage.route),
    dosage.site && concept(dosage.site),
    asNeededBoolean ? words.asNeeded : undefined,
    reason && words.asNeededFor(concept(reason)),
    most && words.max(showRatio(most, language, local)),
    dosage.maxDosePerAdministration &&
      words.max(showQuantity(dosage.maxDosePerAdministration, language, local)),
    ...(dosage.additionalInstruction ?? []).map(concept),
    dosage.patientInstruction,
  ];
  return parts.filter(Boolean).join(', ');
}

/** When: in words where it has some, else how often, on which days and for how long. */
export function showTiming(
  { code, repeat, event = [] }: Timing,
  language: Language,
  local: LocalTime,
): string {
  if (code?.text !== undefined) return code.text;
  const moments = event.map((each) => local.date(each));
  const repeated = repeat ? showRepeat(repeat, language, local) : [];
  const parts = [...moments, ...repeated].filter(Boolean);
  return parts.length > 0 || !code ? parts.join(', ') : showConcept(code, language);
}

function showAmounts(
  amounts: NonNullable<Dosage['doseAndRate']>[number],
  language: Language,
  local: LocalTime,
): (string | undefined)[] {
  const { doseQuantity, doseRange, rateQuantity, rateRange, rateRatio } = amounts;
  return [
    doseQuantity && showQuantity(doseQuantity, language, local),
    doseRange && showRange(doseRange, language, local),
    rateQuantity && showQuantity(rateQuantity, language, local),
    rateRange && showRange(rateRange, language, local),
    rateRatio && showRatio(rateRatio, language, local),
  ];
}

function showRepeat(repeat: TimingRepeat, language: Language, local: LocalTime): (string | undefined)[] {
  const { timing: words } = wordsIn(language);
  const { boundsDuration, boundsPeriod, boundsRange } = repeat;
  const word = (all: Readonly<Record<string, string>>) => (code: string) => all[code] ?? code;
  return [
    [howOften(repeat, language, local), everyPeriod(repeat, language, local)].filter(Boolean).join(' '),
    ...(repeat.dayOfWeek ?? []).map(word(words.days)),
    ...(repeat.when ?? []).map(word(words.when)),
    // A time of day is that of the patient's place: 08:00:00
    ...(repeat.timeOfDay ?? []).map((time) => time.slice(0, 5)),
    boundsDuration && words.duration(showQuantity(boundsDuration, language, local)),
    boundsRange && words.duration(showRange(boundsRange, language, local)),
    boundsPeriod && local.period(boundsPeriod),
  ];
}

/** `3×`, `3–4×`; a frequency that is not given is one (FHIR R4, Timing). */
function howOften(repeat: TimingRepeat, language: Language, local: LocalTime): string | undefined {
  const { frequency, frequencyMax, count, countMax, period } = repeat;
  const { times } = wordsIn(language).timing;
  if (frequency !== undefined) return times(span(frequency, frequencyMax, local));
  if (period !== undefined) return times('1');
  return count === undefined ? undefined : times(span(count, countMax, local));
}

function everyPeriod(repeat: TimingRepeat, language: Language, local: LocalTime): string | undefined {
  const { period, periodMax, periodUnit } = repeat;
  if (period === undefined) return undefined;
  const unit = timeUnit(periodUnit, periodMax ?? period, language) ?? periodUnit ?? '';
  return wordsIn(language).timing.every(span(period, periodMax, local), unit);
}

function span(least: number, most: number | undefined, local: LocalTime): string {
  return most === undefined ? local.number(least) : `${local.number(least)}–${local.number(most)}`;
}
