/**
 * The value that `share` of all values do not exceed (nearest rank): `percentile(values, 0.5)` is the median.
 * @param share above 0, up to 1
 * @throws RangeError for no values
 */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('no values');
  const ascending = [...values].sort((a, b) => a - b);
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)]!;
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const half = percentile(values, 0.5);
  if (values.length % 2 === 1) return half;
  const above = [...values].sort((a, b) => a - b)[values.length / 2]!;
  return (half + above) / 2;
}
