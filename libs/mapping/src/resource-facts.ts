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

/** The version's id; empty when the server keeps none. */
export function versionIdOf(resource: Resource): string {
  return resource.meta?.versionId ?? '';
}
