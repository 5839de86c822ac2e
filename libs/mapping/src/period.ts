import type { Period } from '@medplum/fhirtypes';

/**
 * Whether a FHIR Period contains an instant. Bounds are inclusive, and a bound without time covers its whole day,
 * month or year (FHIR R4, datatypes, Period). Dates without a time zone are read as UTC.
 */
export function contains(period: Period | undefined, instant: Date): boolean {
  const at = instant.getTime();
  if (period?.start && at < Date.parse(period.start)) return false;
  return !period?.end || at <= lastInstantOf(period.end);
}

/** The first instant after now from which on one of these periods contains the time, or does so no more; null: never. */
export function nextChange(periods: readonly (Period | undefined)[], now: Date): Date | null {
  const bounds = periods.flatMap((period) => [
    ...(period?.start ? [Date.parse(period.start)] : []),
    ...(period?.end ? [lastInstantOf(period.end) + 1] : []),
  ]);
  // What cannot be read is NaN, which is later than nothing.
  const ahead = bounds.filter((bound) => bound > now.getTime());
  return ahead.length > 0 ? new Date(Math.min(...ahead)) : null;
}

/** Of two instants, each of which may be never, the first. */
export function earlier(one: Date | null, other: Date | null): Date | null {
  if (!one || !other) return one ?? other;
  return one < other ? one : other;
}

function lastInstantOf(dateTime: string): number {
  const [, year, month, day] = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(dateTime) ?? [];
  if (!year) return Date.parse(dateTime);
  const end = day
    ? Date.UTC(Number(year), Number(month) - 1, Number(day) + 1)
    : month
      ? Date.UTC(Number(year), Number(month), 1)
      : Date.UTC(Number(year) + 1, 0, 1);
  return end - 1;
}
