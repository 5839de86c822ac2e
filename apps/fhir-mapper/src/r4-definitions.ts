import { indexStructureDefinitionBundle } from '@medplum/core';
import type { Bundle } from '@medplum/fhirtypes';
import definitions from './generated/r4-definitions.json';

let indexed = false;

/**
 * Makes HL7's R4 definitions of the resource types that the bridge follows and writes known to the library's
 * `validateResource`; once per process. The file is made by `apps/fhir-mapper/generate-definitions.mjs`.
 */
export function indexR4Definitions(): void {
  if (indexed) return;
  indexStructureDefinitionBundle(definitions as unknown as Bundle);
  indexed = true;
}
