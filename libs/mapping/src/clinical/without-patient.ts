import { parseFhirRef, typeOf } from '@bridge/contracts';
import type { Patient, Reference, Resource } from '@medplum/fhirtypes';

/** Elements of the type Identifier are called so in all of FHIR R4, but for `requisition`. */
const identifierName = /identifier$/i;
/** The elements that name the patient. What is not a reference to one is let through: a Goal's or Condition's `subject` never is. */
const subjectNames = new Set(['subject', 'patient', 'for', 'beneficiary']);

type Json = Readonly<Record<string, unknown>>;

/** A resource as templates may see it, and the identifiers that were in it. */
export interface WithoutPatient {
  readonly resource: Json;
  readonly identifiers: readonly string[];
}

/**
 * A copy without whatever says who the patient is: references to patients, contained patients, and every identifier.
 * Also without the narrative, which repeats them. Whatever a template asks for, it is not there.
 */
export function withoutPatient(resource: Resource): WithoutPatient {
  const contained = (resource as { contained?: Resource[] }).contained ?? [];
  const patients = new Set(contained.filter(isPatient).map(({ id }) => `#${id}`));
  const identifiers = patientIdentifiers(resource as unknown as Json, contained.filter(isPatient));
  const copied = copy(resource, patients) as Json;
  return { resource: withoutSubjects(copied), identifiers };
}

/** The values of a patient's identifiers. */
export function identifiersOf({ identifier = [] }: Pick<Patient, 'identifier'>): string[] {
  return identifier.flatMap(({ value }) => (value === undefined ? [] : [value]));
}

function copy(value: unknown, patients: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) {
    const items: unknown[] = value.map((each) => copy(each, patients));
    return items.filter((each) => each !== undefined);
  }
  if (!isObject(value)) return value;
  if (isPatient(value) || namesPatient(value, patients) || 'div' in value) return undefined;
  const kept = Object.entries(value)
    .filter(([key]) => !identifierName.test(key) && key !== 'requisition')
    .map(([key, each]) => [key, copy(each, patients)] as const)
    .filter(([, each]) => each !== undefined);
  return Object.fromEntries(kept);
}

/** A subject without reference, with a name only, is as much a patient. */
function withoutSubjects(resource: Json): Json {
  return Object.fromEntries(Object.entries(resource).filter(([key]) => !subjectNames.has(key)));
}

function isPatient(value: object): value is Patient {
  return ['Patient', 'Person'].includes((value as Resource).resourceType);
}

function namesPatient(value: Json, patients: ReadonlySet<string>): boolean {
  const { reference, type } = value as Reference;
  if (type === 'Patient') return true;
  if (typeof reference !== 'string') return false;
  const ref = parseFhirRef(reference);
  // A conditional reference may hold an identifier: `Patient?identifier=…`.
  return patients.has(reference) || /(^|\/)Patient\?/.test(reference) || (!!ref && typeOf(ref) === 'Patient');
}

/** Of contained patients, and of references to patients. */
function patientIdentifiers(resource: Json, patients: readonly Patient[]): string[] {
  const found = patients.flatMap(identifiersOf);
  const look = (value: unknown, key: string): void => {
    if (Array.isArray(value)) return value.forEach((each) => look(each, key));
    if (!isObject(value)) return;
    const { identifier } = value as Reference;
    const isReference = subjectNames.has(key) || namesPatient(value, new Set());
    if (isReference && identifier && !Array.isArray(identifier)) found.push(identifier.value ?? '');
    for (const [name, each] of Object.entries(value)) look(each, name);
  };
  look(resource, '');
  return found;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
