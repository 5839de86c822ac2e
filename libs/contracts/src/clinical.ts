/** Resource types that can be shown as a line in the care team's room (see docs/fhir.md, "Clinical resources"). */
export const clinicalTypes = [
  'Observation',
  'DiagnosticReport',
  'MedicationRequest',
  'ServiceRequest',
  'Appointment',
  'Task',
  'Encounter',
  'EpisodeOfCare',
  'Condition',
  'AllergyIntolerance',
  'Immunization',
  'Procedure',
  'CarePlan',
  'Goal',
  'DocumentReference',
  'Media',
  'Flag',
] as const;
export type ClinicalType = (typeof clinicalTypes)[number];
