import type { Condition, Goal, MedicationRequest, Observation, Resource } from '@medplum/fhirtypes';
import { identifiersOf, withoutPatient } from './without-patient';

const secret = 'secret';
const named = { reference: 'Patient/p', display: `Jan ${secret}` };
const identifier = { system: 'http://fhir.nl/fhir/NamingSystem/bsn', value: secret };

const observation: Observation = {
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'Weight' },
};

it.each<[string, Partial<Observation>]>([
  ['the subject', { subject: named }],
  ['a subject without reference', { subject: { display: secret } }],
  ['a subject by identifier', { subject: { type: 'Patient', identifier } }],
  ['a performer who is the patient', { performer: [named] }],
  [
    'an absolute reference',
    { performer: [{ ...named, reference: 'https://ehr.example/fhir/Patient/p/_history/2' }] },
  ],
  ['a conditional reference', { performer: [{ reference: `Patient?identifier=${secret}` }] }],
  ['a reference that only its type tells', { performer: [{ type: 'Patient', display: secret }] }],
  ['an identifier', { identifier: [identifier] }],
  ['an identifier of somebody else', { performer: [{ reference: 'Practitioner/d', identifier }] }],
  ['an extension', { extension: [{ url: 'urn:x', valueIdentifier: identifier }] }],
  ['a nested extension', { code: { text: 'Weight', extension: [{ url: 'urn:x', valueReference: named }] } }],
  ['the narrative', { text: { status: 'generated', div: `<div>${secret}</div>` } }],
  [
    'a contained patient',
    {
      contained: [{ resourceType: 'Patient', id: 'p', name: [{ text: secret }], identifier: [identifier] }],
      performer: [{ reference: '#p', display: secret }] as Observation['performer'],
    },
  ],
])('who the patient is is not there: %s', (_where, more) => {
  const { resource } = withoutPatient({ ...observation, ...more });
  expect(JSON.stringify(resource)).not.toContain(secret);
  expect(resource).toMatchObject({ status: 'final', code: { text: 'Weight' } });
});

it('numbers of requisitions and groups are identifiers as well', () => {
  const resources: Resource[] = [
    { resourceType: 'MedicationRequest', groupIdentifier: identifier } as MedicationRequest,
    { resourceType: 'ServiceRequest', requisition: identifier } as Resource,
    { resourceType: 'DocumentReference', masterIdentifier: identifier } as Resource,
  ];
  for (const resource of resources)
    expect(withoutPatient(resource).resource).toEqual({ resourceType: resource.resourceType });
});

it('what names somebody else stays, and contained resources that are nobody', () => {
  const resource: Condition = {
    resourceType: 'Condition',
    subject: named,
    contained: [{ resourceType: 'Practitioner', id: 'd', name: [{ family: 'Alami' }] }],
    asserter: { reference: '#d', display: 'Dr Alami' },
    stage: [{ assessment: [{ reference: 'Observation/o', display: 'Biopsy' }] }],
  };
  const { subject, ...rest } = resource;
  expect(subject).toBe(named);
  expect(withoutPatient(resource).resource).toEqual(rest);
});

it('identifiers of the patient are handed out, to be looked for in texts; those of others are not', () => {
  const goal: Goal = {
    resourceType: 'Goal',
    lifecycleStatus: 'active',
    description: { text: 'x' },
    subject: { identifier: { value: 'of the subject' } },
    contained: [{ resourceType: 'Patient', identifier: [{ value: 'contained' }] }],
    expressedBy: { reference: 'Patient/p', identifier: { value: 'of a patient' } },
    identifier: [{ value: 'of the goal' }],
    addresses: [{ reference: 'Condition/c', identifier: { value: 'of the condition' } }],
  };
  expect([...withoutPatient(goal).identifiers].sort()).toEqual([
    'contained',
    'of a patient',
    'of the subject',
  ]);
  expect(identifiersOf({ identifier: [{ value: '1' }, { system: 'x' }] })).toEqual(['1']);
});
