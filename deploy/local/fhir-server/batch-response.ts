import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import type { Version } from './resource-store';

/**
 * Completes what the router answers to a batch or transaction: versioned location, ETag and time of each written
 * resource, and 201 for an update that created it.
 *
 * @param changes what the Bundle wrote
 */
export function completeBatchResponse(bundle: Bundle, changes: readonly Version[], baseUrl: string): Bundle {
  const written = new Map(changes.map((change) => [`${change.resourceType}/${change.id}`, change]));
  return { ...bundle, entry: bundle.entry?.map((entry) => completeEntry(entry, written, baseUrl)) };
}

function completeEntry(
  entry: BundleEntry,
  written: ReadonlyMap<string, Version>,
  baseUrl: string,
): BundleEntry {
  const { resource, response } = entry;
  const { id, meta, resourceType } = resource ?? {};
  if (!response || !id || !meta?.versionId) return entry;
  const change = written.get(`${resourceType}/${id}`);
  return {
    ...entry,
    response: {
      ...response,
      ...(change && { status: change.created ? '201' : '200' }),
      location: `${baseUrl}/${resourceType}/${id}/_history/${meta.versionId}`,
      etag: `W/"${meta.versionId}"`,
      lastModified: meta.lastUpdated,
    },
  };
}
