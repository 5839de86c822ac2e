import { FhirRef } from '@bridge/contracts';
import type { Resource } from '@medplum/fhirtypes';

/** `Type/id` of a resource that a server has stored. */
export function refOf(resource: Resource): FhirRef {
  return FhirRef.parse(`${resource.resourceType}/${resource.id}`);
}

/** When this version was written, by the server's clock. A server that says nothing gives the start of time. */
export function versionAtOf(resource: Resource): Date {
  return new Date(resource.meta?.lastUpdated ?? 0);
}

/**
 * A FHIR dateTime as an instant; undefined where it says a day, a month or a year only (R4 allows that for `sent` and
 * `authoredOn`): there is no time of day to make up.
 */
export function instantOf(dateTime: string | undefined): string | undefined {
  const at = dateTime?.includes('T') ? Date.parse(dateTime) : NaN;
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** The version's id; empty when the server keeps none. */
export function versionIdOf(resource: Resource): string {
  return resource.meta?.versionId ?? '';
}
