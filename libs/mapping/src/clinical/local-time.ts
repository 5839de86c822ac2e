import type { Language } from '@bridge/contracts';
import type { Period } from '@medplum/fhirtypes';
import { wordsIn } from './words/words';

const locales: Readonly<Record<Language, string>> = { nl: 'nl-NL', en: 'en-GB', de: 'de-DE' };

/** A year, a month or a day; with a time of day, it has an offset (FHIR R4, "date", "dateTime" and "instant"). */
const dateForm = /^\d{4}(-\d{2}(-\d{2})?)?$/;

/** Dates, times and numbers as people of a language write them, at the time of a place. */
export class LocalTime {
  private readonly month;
  private readonly day;
  private readonly moment;
  private readonly time;
  private readonly decimal;

  constructor(
    private readonly language: Language,
    timeZone: string,
  ) {
    const locale = locales[language];
    // What has no time of day is the same day everywhere.
    this.month = new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' });
    this.day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
    this.moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone });
    this.time = new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone });
    // Not grouped: 1.500 is one and a half to some, and fifteen hundred to others.
    this.decimal = new Intl.NumberFormat(locale, { useGrouping: false, maximumFractionDigits: 20 });
  }

  /** A FHIR date, dateTime or instant, as precise as it is; what is none of them stays as it is. */
  date(value: string): string {
    const at = new Date(value);
    if (Number.isNaN(at.getTime()) || value.length === 4) return value;
    if (!dateForm.test(value)) return this.moment.format(at);
    return (value.length === 7 ? this.month : this.day).format(at);
  }

  /** From one to the other; of two moments of one day the day is told once. */
  period({ start, end }: Period): string {
    const words = wordsIn(this.language);
    if (start === undefined) return end === undefined ? '' : words.until(this.date(end));
    if (end === undefined) return words.since(this.date(start));
    const [from, to] = [this.date(start), this.date(end)];
    if (from === to) return from;
    return `${from} – ${this.isSameDay(start, end) ? this.time.format(new Date(end)) : to}`;
  }

  /** Very large and very small ones as JSON writes them: nothing is rounded to 0. */
  number(value: number): string {
    const written = String(value);
    return written.includes('e') ? written : this.decimal.format(value);
  }

  private isSameDay(start: string, end: string): boolean {
    if (dateForm.test(start) || dateForm.test(end)) return false;
    const [first, second] = [start, end].map((each) => this.moment.formatToParts(new Date(each)));
    const dayOf = (parts: Intl.DateTimeFormatPart[] = []) =>
      parts.filter(({ type }) => ['year', 'month', 'day'].includes(type)).map(({ value }) => value);
    return dayOf(first).join(' ') === dayOf(second).join(' ');
  }
}
