import { FhirRef, typeOf } from '@bridge/contracts';
import type { Reference, Resource } from '@medplum/fhirtypes';

/** A reference as the OZO profiles demand it: with the type of what it leads to, beside the reference itself. */
export function referenceTo<T extends Resource = Resource>(ref: FhirRef): Reference<T> {
  return { reference: ref, type: typeOf(ref) } as Reference<T>;
}
