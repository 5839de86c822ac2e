import {
  type Filter,
  Operator,
  type SearchRequest,
  type SortRule,
  evalFhirPath,
  getSearchParameter,
  matchesSearchRequest,
} from '@medplum/core';
import { earliestInstant, lastUpdatedTest } from './last-updated';
import type { IndexedValue, ResourceStore, Version } from './resource-store';

/**
 * All live resources that match, in the order asked for; without `_sort` the oldest write first.
 * Counting and paging are the caller's.
 *
 * @param request as {@link supportedSearch} returned it
 */
export function findMatches(store: ResourceStore, request: SearchRequest): Version[] {
  const filters = request.filters ?? [];
  const byTime = filters.filter(
    (filter) => filter.code === '_lastUpdated' && filter.operator !== Operator.MISSING,
  );
  const others = { resourceType: request.resourceType, filters: filters.filter((f) => !byTime.includes(f)) };
  const tests = byTime.map(lastUpdatedTest);
  const matches = candidates(store, request.resourceType, filters)
    // First, because it costs next to nothing, while the other filters evaluate FHIRPath on each resource.
    .filter((version) => tests.every((test) => test(version.lastUpdated)))
    .filter((version) => version.resource && matchesSearchRequest(version.resource, others));
  return sorted(matches, request.sortRules ?? []);
}

/** The one value, neither a list nor with anything escaped, that the index knows. */
const indexed: Readonly<Record<IndexedValue['parameter'], RegExp>> = {
  identifier: /^[^|,\\]+\|[^|,\\]+$/,
  'part-of': /^[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]+$/,
  altid: /^[^|,\\]+$/,
};

/**
 * A superset of the matches, oldest `lastUpdated` first; by index where the search names what there is one of, or a time
 * from which on it looks.
 */
function candidates(store: ResourceStore, resourceType: string, filters: readonly Filter[]): Version[] {
  for (const { code, operator, value } of filters) {
    if (isIndexed(code) && operator === Operator.EQUALS && indexed[code].test(value)) {
      return store.liveWith(resourceType, { parameter: code, value });
    }
  }
  const earliest = filters
    .filter(({ code }) => code === '_lastUpdated')
    .flatMap((f) => earliestInstant(f) ?? []);
  return store.liveSince(resourceType, earliest.sort().at(-1) ?? '');
}

function isIndexed(code: string): code is IndexedValue['parameter'] {
  return Object.hasOwn(indexed, code);
}

function sorted(versions: Version[], rules: readonly SortRule[]): Version[] {
  const [first, ...rest] = rules;
  if (!first) return versions;
  if (first.code === '_lastUpdated' && rest.length === 0) {
    // A store hands versions out in this order; a cursor sorted otherwise would cost FHIRPath per resource.
    return first.descending ? versions.reverse() : versions;
  }
  const keyed = versions.map((version) => ({ version, keys: rules.map((rule) => sortKey(version, rule)) }));
  keyed.sort((a, b) => {
    for (const [index, rule] of rules.entries()) {
      const order = compareKeys(a.keys[index], b.keys[index]);
      if (order !== 0) return rule.descending ? -order : order;
    }
    return a.version.sequence - b.version.sequence;
  });
  return keyed.map(({ version }) => version);
}

function sortKey(version: Version, rule: SortRule): string | undefined {
  const expression = getSearchParameter(version.resourceType, rule.code)?.expression;
  const [value] = expression ? evalFhirPath(expression, version.resource) : [];
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Resources without a value come first when ascending. */
function compareKeys(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return a < b ? -1 : 1;
}
