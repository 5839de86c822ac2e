import { FhirRef } from '@bridge/contracts';
import { firstValue } from '@bridge/platform';
import type { Resource } from '@medplum/fhirtypes';

/** Where a resource is, and in which version. The version is empty where the server does not say. */
export interface StoredVersion {
  readonly ref: FhirRef;
  readonly versionId: string;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const versionedPath = /([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;

/** Reads `Type/id` or `Type/id/_history/version`, absolute or relative (R4, http.html, "create": the Location). */
export function storedAt(location: string | undefined): StoredVersion | undefined {
  const [, ref, versionId = ''] = versionedPath.exec(location ?? '') ?? [];
  return ref === undefined ? undefined : { ref: FhirRef.parse(ref), versionId };
}

/**
 * What an answer to a create says about where the resource is: its Location, or that it is not a new one its
 * Content-Location, or else the resource itself. A version that is not there can stand in the ETag.
 */
export function storedVersion(headers: Headers, body: unknown): StoredVersion | undefined {
  const found =
    storedAt(firstValue(headers, 'location')) ??
    storedAt(firstValue(headers, 'content-location')) ??
    versionOf(body as Resource | undefined);
  return found && { ...found, versionId: found.versionId || versionIdIn(headers, body) };
}

/** The version that an answer to a write is about, as far as it does not say where the resource is; '' where it tells none. */
export function versionIdIn(headers: Headers, body: unknown): string {
  const inBody = (body as Resource | undefined)?.meta?.versionId;
  return inBody ?? /"(.*)"/.exec(firstValue(headers, 'etag') ?? '')?.[1] ?? '';
}

/** The version that a resource says it is; undefined for what has no id, and for an OperationOutcome (Medplum's have one). */
export function versionOf(resource: Resource | undefined): StoredVersion | undefined {
  const { resourceType, id, meta } = resource ?? {};
  if (!resourceType || !id || resourceType === 'OperationOutcome') return undefined;
  return { ref: FhirRef.parse(`${resourceType}/${id}`), versionId: meta?.versionId ?? '' };
}
