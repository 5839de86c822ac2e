import type {
  CareTeam,
  CareTeamParticipant,
  Communication,
  CommunicationRequest,
  ContactPoint,
  Patient,
  Practitioner,
  RelatedPerson,
  Subscription,
} from '@medplum/fhirtypes';

/** The words that belong to the patient and must be found nowhere but in FHIR, the messages and the one invite. */
export const patientWords = ['Willemijn', 'Oosterhuis', '1941-07-23', '999911120'] as const;

export const pseudoBsn = 'ps-4f1c09e2';

export const patient: Patient = {
  resourceType: 'Patient',
  name: [{ given: ['Willemijn'], family: 'Oosterhuis' }],
  birthDate: '1941-07-23',
  identifier: [
    { system: 'http://fhir.nl/fhir/NamingSystem/bsn', value: '999911120' },
    { system: 'http://fhir.nl/fhir/NamingSystem/pseudo-bsn', value: pseudoBsn },
  ],
};

/** A son: reads and writes in the portal of the organisation, has no Matrix account. */
export const informalCarer = (patientId: string): RelatedPerson => ({
  resourceType: 'RelatedPerson',
  patient: { reference: `Patient/${patientId}` },
  name: [{ given: ['Ruben'], family: 'de Wit' }],
  relationship: [{ text: 'informal carer' }],
});

/** A professional with a Matrix account. */
export const practitioner = (name: string, account: string): Practitioner => ({
  resourceType: 'Practitioner',
  name: [{ text: name }],
  telecom: [matrixAccount(account)],
});

/** How the Dutch specification writes a Matrix account. */
export function matrixAccount(userId: string): ContactPoint {
  return {
    system: 'other',
    value: userId,
    extension: [
      {
        url: 'http://hl7.org/fhir/StructureDefinition/contactpoint-purpose',
        valueString: 'matrix-messaging',
      },
    ],
  };
}

/** Roles in care teams: SNOMED CT. */
export const roles = {
  careCoordinator: { code: '768820003', display: 'Care coordinator' },
  generalPractitioner: { code: '62247001', display: 'Family medicine specialist' },
  pharmacist: { code: '46255001', display: 'Pharmacist' },
  physiotherapist: { code: '36682004', display: 'Physiotherapist' },
  informalCarer: { code: '407542009', display: 'Informal carer' },
} as const;

export function participant(reference: string, role: { code: string; display: string }): CareTeamParticipant {
  return {
    member: { reference: reference },
    role: [{ coding: [{ system: 'http://snomed.info/sct', ...role }] }],
  };
}

export const careTeam = (patientId: string, participants: CareTeamParticipant[]): CareTeam => ({
  resourceType: 'CareTeam',
  status: 'active',
  name: 'Zorgteam mevrouw Oosterhuis',
  subject: { reference: `Patient/${patientId}` },
  participant: participants,
});

export const communicationRequest = (
  patientId: string,
  careTeamId: string,
  sender: string,
  text: string,
): CommunicationRequest => ({
  resourceType: 'CommunicationRequest',
  status: 'active',
  subject: { reference: `Patient/${patientId}` },
  requester: { reference: sender },
  sender: { reference: sender },
  recipient: [{ reference: `CareTeam/${careTeamId}` }],
  reasonCode: [{ text: 'Medication of mevrouw Oosterhuis' }],
  payload: [{ contentString: text }],
  authoredOn: new Date().toISOString(),
});

export const communication = (
  requestId: string,
  patientId: string,
  careTeamId: string,
  sender: string,
  text: string,
  inResponseTo?: string,
): Communication => ({
  resourceType: 'Communication',
  status: 'completed',
  partOf: [{ reference: `CommunicationRequest/${requestId}` }],
  subject: { reference: `Patient/${patientId}` },
  sender: { reference: sender },
  recipient: [{ reference: `CareTeam/${careTeamId}` }],
  sent: new Date().toISOString(),
  payload: [{ contentString: text }],
  ...(inResponseTo
    ? { inResponseTo: [{ reference: `Communication/${inResponseTo}` as 'Communication/1' }] }
    : {}),
});

/** An R4 rest-hook Subscription: the empty POST, or with the resource as payload. */
export const subscription = (
  criteria: string,
  endpoint: string,
  secret: string,
  payload?: 'application/fhir+json',
): Subscription => ({
  resourceType: 'Subscription',
  status: 'requested',
  reason: 'The bridge keeps Matrix in step',
  criteria,
  channel: {
    type: 'rest-hook',
    endpoint,
    header: [`Authorization: Bearer ${secret}`],
    ...(payload ? { payload } : {}),
  },
});
