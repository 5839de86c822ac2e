import { OperationOutcomeError, badRequest, notFound, parseSearchRequest } from '@medplum/core';
import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import { lastUpdatedTest } from './last-updated';
import type { ResourceStore, Version } from './resource-store';

const defaultPageSize = 100;
const parameters = ['_since', '_lastUpdated', '_count', '_cursor', '_format'];

/** What to tell the history of: everything, one type, or one resource. */
export interface HistoryScope {
  readonly resourceType?: string;
  readonly id?: string;
}

export type HistoryQuery = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The history as R4 wants it (http.html#history): newest first, deletions included, `_since` counting the
 * instant itself, plus `_lastUpdated` with its prefixes. Pages are cut by position in the log, so that writes
 * made meanwhile shift nothing.
 *
 * @throws OperationOutcomeError 404 when the one resource never existed, 400 for a parameter not known here
 */
export function historyBundle(
  store: ResourceStore,
  baseUrl: string,
  scope: HistoryScope,
  query: HistoryQuery,
): Bundle {
  const { tests, count, before } = parseQuery(query);
  const versions = store.versions(scope.resourceType, scope.id);
  if (scope.id !== undefined && versions.length === 0) throw new OperationOutcomeError(notFound);
  const all = versions.filter((version) => tests.every((test) => test(version.lastUpdated))).reverse();
  const rest = all.filter((version) => version.sequence < before);
  const page = rest.slice(0, count);
  const bundle: Bundle = { resourceType: 'Bundle', type: 'history', total: all.length };
  if (page.length > 0) bundle.entry = page.map((version) => historyEntry(version, baseUrl));
  const last = page.at(-1);
  if (last && rest.length > page.length) {
    const path = [scope.resourceType, scope.id, '_history'].filter(Boolean).join('/');
    const next = new URLSearchParams({ _count: String(count), _cursor: String(last.sequence) });
    for (const name of ['_since', '_lastUpdated']) {
      for (const value of valuesOf(query[name])) next.append(name, value);
    }
    bundle.link = [{ relation: 'next', url: `${baseUrl}/${path}?${next.toString()}` }];
  }
  return bundle;
}

function parseQuery(query: HistoryQuery) {
  const unknown = Object.keys(query).find((name) => !parameters.includes(name));
  if (unknown) throw new OperationOutcomeError(badRequest(`_history does not support ${unknown}`));
  const instants = [
    ...valuesOf(query['_lastUpdated']),
    ...valuesOf(query['_since']).map((since) => `ge${since}`),
  ];
  // Any type would do: `_lastUpdated` means the same in all of them.
  const { filters = [] } = parseSearchRequest('Basic', { _lastUpdated: instants });
  return {
    tests: filters.map(lastUpdatedTest),
    count: wholeNumber(query['_count']) ?? defaultPageSize,
    before: wholeNumber(query['_cursor']) ?? Infinity,
  };
}

function wholeNumber(value: string | string[] | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^\d{1,9}$/.test(value)) {
    throw new OperationOutcomeError(badRequest('_count and _cursor must be whole numbers'));
  }
  return Number(value);
}

function valuesOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}

function historyEntry(version: Version, baseUrl: string): BundleEntry {
  const { method, resourceType, id, versionId, lastUpdated, created, resource } = version;
  return {
    fullUrl: `${baseUrl}/${resourceType}/${id}`,
    ...(resource && { resource }),
    request: { method, url: method === 'POST' ? resourceType : `${resourceType}/${id}` },
    response: {
      status: method === 'DELETE' ? '204' : created ? '201' : '200',
      etag: `W/"${versionId}"`,
      lastModified: lastUpdated,
    },
  };
}
