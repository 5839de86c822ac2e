import { type ClinicalType, type FhirRef, clinicalTypes, parseFhirRef, typeOf } from '@bridge/contracts';
import type {
  AllergyIntolerance,
  Appointment,
  Attachment,
  CarePlan,
  CodeableConcept,
  Condition,
  DiagnosticReport,
  DocumentReference,
  Encounter,
  EpisodeOfCare,
  Flag,
  Goal,
  Immunization,
  Media,
  MedicationRequest,
  Observation,
  Procedure,
  Reference,
  Resource,
  ServiceRequest,
  Task,
} from '@medplum/fhirtypes';
import { fromMatrix, systems } from '../fhir-systems';

/** What can be shown as a line. */
export type ClinicalResource =
  | AllergyIntolerance
  | Appointment
  | CarePlan
  | Condition
  | DiagnosticReport
  | DocumentReference
  | Encounter
  | EpisodeOfCare
  | Flag
  | Goal
  | Immunization
  | Media
  | MedicationRequest
  | Observation
  | Procedure
  | ServiceRequest
  | Task;

const clinical = new Set<string>(clinicalTypes satisfies readonly ClinicalResource['resourceType'][]);

export function isClinical(resource: Resource): resource is ClinicalResource {
  return isClinicalType(resource.resourceType);
}

export function isClinicalType(type: string): type is ClinicalType {
  return clinical.has(type);
}

/** Of what can be a line, what is none by its nature: our own record of a message, and a Task that counts reading. */
export function isOurBookkeeping(resource: ClinicalResource): boolean {
  const isEcho = resource.meta?.tag?.some(
    ({ system, code }) => system === systems.bridgeTag && code === fromMatrix,
  );
  return isEcho === true || (resource.resourceType === 'Task' && isReadingTask(resource));
}

/** Open or completed: a Task for a conversation says who has read it and who has not (OZO implementation guide). */
function isReadingTask({ basedOn = [], focus }: Task): boolean {
  const isOf = (type: string, reference: Reference | undefined): boolean => {
    const ref = parseFhirRef(reference?.reference);
    return ref !== undefined && typeOf(ref) === type;
  };
  return basedOn.some((each) => isOf('CommunicationRequest', each)) || isOf('Communication', focus);
}

/**
 * Whom it is about.
 * @returns undefined where that is no patient, or more than one: then there is no one room for it
 */
export function patientOf(resource: ClinicalResource): FhirRef | undefined {
  const refs = subjectsOf(resource).map((reference) => parseFhirRef(reference?.reference));
  const patients = new Set(refs.filter((ref) => ref !== undefined && typeOf(ref) === 'Patient'));
  return patients.size === 1 ? [...patients][0] : undefined;
}

function subjectsOf(resource: ClinicalResource): (Reference | undefined)[] {
  if (resource.resourceType === 'Appointment') return resource.participant.map(({ actor }) => actor);
  if (resource.resourceType === 'Task') return [resource.for];
  return 'patient' in resource ? [resource.patient] : [(resource as { subject?: Reference }).subject];
}

/** Whether the record disowns it. Conditions and allergies say so in their verification status. */
export function isEnteredInError(resource: ClinicalResource): boolean {
  const { status, docStatus, lifecycleStatus, verificationStatus } = resource as {
    status?: string;
    docStatus?: string;
    lifecycleStatus?: string;
    verificationStatus?: CodeableConcept;
  };
  const codes = (verificationStatus?.coding ?? []).map(({ code }) => code);
  return [status, docStatus, lifecycleStatus, ...codes].includes('entered-in-error');
}

/** The documents in it, in their order. */
export function attachmentsOf(resource: ClinicalResource): readonly Attachment[] {
  if (resource.resourceType === 'DocumentReference')
    return resource.content.map(({ attachment }) => attachment);
  if (resource.resourceType === 'DiagnosticReport') return resource.presentedForm ?? [];
  return resource.resourceType === 'Media' ? [resource.content] : [];
}

/**
 * Whether it has a modifier extension, anywhere. That may turn its meaning round (FHIR R4, "Extensibility"), and whoever
 * does not know it must not show the rest as if it were all.
 */
export function hasModifierExtension(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(hasModifierExtension);
  return Object.entries(value).some(
    ([key, each]) =>
      (key === 'modifierExtension' && Array.isArray(each) && each.length > 0) || hasModifierExtension(each),
  );
}
