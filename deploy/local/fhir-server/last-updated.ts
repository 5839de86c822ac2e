import {
  type Filter,
  OperationOutcomeError,
  Operator,
  badRequest,
  splitSearchOnComma,
  toPeriod,
} from '@medplum/core';

const comparisons: Partial<Record<Operator, (instant: string, start: string, end: string) => boolean>> = {
  [Operator.EQUALS]: (instant, start, end) => instant >= start && instant <= end,
  [Operator.NOT_EQUALS]: (instant, start, end) => instant < start || instant > end,
  [Operator.GREATER_THAN]: (instant, _start, end) => instant > end,
  [Operator.STARTS_AFTER]: (instant, _start, end) => instant > end,
  [Operator.GREATER_THAN_OR_EQUALS]: (instant, start) => instant >= start,
  [Operator.LESS_THAN]: (instant, start) => instant < start,
  [Operator.ENDS_BEFORE]: (instant, start) => instant < start,
  [Operator.LESS_THAN_OR_EQUALS]: (instant, _start, end) => instant <= end,
};

/**
 * The test that one `_lastUpdated` filter puts to an instant (UTC with milliseconds, as `Date.toISOString` writes
 * it). A value of less than millisecond precision stands for its whole period, as in FHIR's date search (R4,
 * search.html#date).
 *
 * @throws OperationOutcomeError (400) for an operator or a value that cannot be compared
 */
export function lastUpdatedTest(filter: Filter): (lastUpdated: string) => boolean {
  const compare = comparisons[filter.operator];
  if (!compare)
    throw new OperationOutcomeError(badRequest(`_lastUpdated does not support "${filter.operator}"`));
  const periods = periodsOf(filter);
  return (lastUpdated) => periods.some(({ start, end }) => compare(lastUpdated, start, end));
}

/** Operators that nothing from before the period passes. */
const notBefore = new Set<Operator>([
  Operator.EQUALS,
  Operator.GREATER_THAN,
  Operator.STARTS_AFTER,
  Operator.GREATER_THAN_OR_EQUALS,
]);

/** The instant before which nothing passes the filter; undefined where the filter sets none. */
export function earliestInstant(filter: Filter): string | undefined {
  if (!notBefore.has(filter.operator)) return undefined;
  return periodsOf(filter)
    .map(({ start }) => start)
    .sort()[0];
}

/** @throws OperationOutcomeError (400) for a value that is no date */
function periodsOf({ value }: Filter): { start: string; end: string }[] {
  return splitSearchOnComma(value).map((each) => {
    const { start, end } = toPeriod(each) ?? {};
    if (!start || !end) throw new OperationOutcomeError(badRequest(`Not a date: ${each}`));
    return { start, end };
  });
}
