import { type JsonObject, isObject } from '../requests/json-body';

const VERSION = /^v(\d+)\.(\d+)$/;

/**
 * The answer to GET versions as it is under a ceiling: nothing newer, nothing unstable.
 * @param ceiling such as `v1.11`
 */
export function withVersionCeiling(answer: JsonObject, ceiling: string): JsonObject {
  const highest = orderOf(ceiling);
  const versions = Array.isArray(answer.versions) ? (answer.versions as unknown[]) : [];
  return {
    ...answer,
    versions: versions.filter((each) => typeof each === 'string' && orderOf(each) <= highest),
    ...(isObject(answer.unstable_features) && { unstable_features: {} }),
  };
}

/** `r0.…` comes before all. */
function orderOf(version: string): number {
  const [, major, minor] = VERSION.exec(version) ?? [];
  if (major === undefined || minor === undefined) return version.startsWith('r0.') ? -1 : Infinity;
  return Number(major) * 1_000 + Number(minor);
}
