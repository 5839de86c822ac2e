import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Resource } from '@medplum/fhirtypes';

const folder = dirname(require.resolve('hl7.fhir.r4.examples/package.json'));

/** HL7's own examples of a resource type, R4 (npm package hl7.fhir.r4.examples, CC0), in the order of their file names. */
export function hl7Examples<T extends Resource = Resource>(type: T['resourceType']): (T & { id: string })[] {
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${type}-`) && file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as T & { id: string });
}
