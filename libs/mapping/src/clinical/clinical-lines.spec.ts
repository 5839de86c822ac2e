import type {
  DiagnosticReport,
  DocumentReference,
  MedicationRequest,
  Resource,
  ServiceRequest,
} from '@medplum/fhirtypes';
import { PermanentError } from '@bridge/contracts';
import { ClinicalLines, type OwnTemplates, type TemplateMistake } from './clinical-lines';
import type { ClinicalResource } from './clinical-resource';
import { nameOfResource } from './resource-name';

const types = ['MedicationRequest', 'ServiceRequest', 'DiagnosticReport', 'DocumentReference'] as const;

function compile(own: OwnTemplates = {}): ClinicalLines | readonly TemplateMistake[] {
  return ClinicalLines.of({ types, language: 'nl', timeZone: 'Europe/Amsterdam', own });
}

function lines(own?: OwnTemplates): ClinicalLines {
  const compiled = compile(own);
  if (compiled instanceof ClinicalLines) return compiled;
  throw new Error(compiled[0]?.problem);
}

const bodyOf = (resource: ClinicalResource, names = new Map<string, string>()): unknown =>
  lines().read(resource, names, []).messages[0]?.content.body;

const medication: MedicationRequest = {
  resourceType: 'MedicationRequest',
  id: 'm',
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/p', display: 'Jan' },
  medicationReference: { reference: 'Medication/x' },
  requester: { reference: 'PractitionerRole/r' },
};

it('names that references lack are asked for, and told once they are known', () => {
  const { unnamed, messages } = lines().read(medication, new Map(), []);
  expect(unnamed).toEqual(['Medication/x', 'PractitionerRole/r']);
  expect(messages[0]?.content.body).toBe('Medicatie (opdracht, actief):');
  const names = new Map([
    ['Medication/x', 'Paracetamol'],
    ['PractitionerRole/r', 'Dr. Alami'],
  ]);
  expect(bodyOf(medication, names)).toBe('Medicatie (opdracht, actief): Paracetamol, Dr. Alami');
  expect(lines().read(medication, names, []).unnamed).toEqual([]);
});

it('a contained medicine goes by its name, or by what is in it', () => {
  const mixture = {
    resourceType: 'Medication',
    id: 'mix',
    ingredient: [{ itemCodeableConcept: { text: 'NaCl' } }, { itemReference: { display: 'KCl' } }],
  } as Resource;
  const line = bodyOf({
    ...medication,
    contained: [mixture],
    medicationReference: { reference: '#mix' },
    requester: undefined,
  });
  expect(line).toBe('Medicatie (opdracht, actief): NaCl + KCl');
});

it('what must not be done says so first', () => {
  expect(bodyOf({ ...medication, doNotPerform: true })).toContain('NIET GEVEN:');
  expect(bodyOf({ ...medication, doNotPerform: false })).not.toContain('NIET GEVEN');
  const request: ServiceRequest = {
    resourceType: 'ServiceRequest',
    id: 's',
    status: 'active',
    intent: 'order',
    subject: {},
    doNotPerform: true,
    code: { text: 'Wenden' },
  };
  expect(bodyOf(request)).toBe('Aanvraag: NIET UITVOEREN: Wenden (opdracht, actief)');
});

it('each message bears the mark of its resource, and documents come after the line', () => {
  const report: DiagnosticReport = {
    resourceType: 'DiagnosticReport',
    id: 'r',
    status: 'final',
    code: { text: 'Bloed' },
    presentedForm: [
      { contentType: 'application/pdf', title: 'Uitslag 4711-x', data: 'AAAA' },
      { contentType: 'image/png', url: 'Binary/b' },
    ],
  };
  const { messages } = lines().read(report, new Map(), ['4711x']);
  const marks = { 'm.mentions': {}, 'nl.fhir-bridge.source': { type: 'DiagnosticReport', id: 'r' } };
  expect(messages).toEqual([
    { part: 0, content: { msgtype: 'm.notice', body: 'Uitslag Bloed (definitief)', ...marks } },
    {
      part: 1,
      content: marks,
      file: {
        url: 'DiagnosticReport/r',
        contentType: 'application/pdf',
        title: 'Uitslag …',
        hash: expect.any(String) as string,
        position: 0,
      },
    },
    { part: 2, content: marks, file: { url: 'Binary/b', contentType: 'image/png', position: 1 } },
  ]);
});

describe('own templates', () => {
  const letter: DocumentReference = {
    resourceType: 'DocumentReference',
    id: 'd',
    status: 'current',
    type: { text: 'Brief' },
    identifier: [{ value: 'secret' }],
    subject: { reference: 'Patient/p', display: 'secret' },
    content: [{ attachment: {} }],
  };

  it('are taken instead of the bridge’s, and where one says nothing there is no line', () => {
    const own = lines({ DocumentReference: { nl: '[Nieuw: {type}]' } });
    expect(own.read(letter, new Map(), []).messages[0]?.content.body).toBe('Nieuw: Brief');
    expect(own.read({ ...letter, type: undefined }, new Map(), []).messages).toEqual([]);
    expect(own.has('DocumentReference')).toBe(true);
    expect(own.has('Flag')).toBe(false);
  });

  it('cannot get at the patient', () => {
    const nosy =
      '{type} {identifier.value} {subject.display} {subject.reference} {descendants().ofType(string)}';
    const [message] = lines({ DocumentReference: { nl: nosy } }).read(letter, new Map(), []).messages;
    expect(message?.content.body).toContain('Brief');
    expect(JSON.stringify(message)).not.toMatch(/secret|Patient/);
  });

  it('have all their mistakes told at once, also in languages and types that are not in use', () => {
    const own = { DocumentReference: { nl: '{typ}', de: '[' }, Flag: { en: '{resolve()}' } };
    const mistakes = compile(own) as TemplateMistake[];
    expect(mistakes.map(({ type, language }) => `${type}.${language}`)).toEqual([
      'DocumentReference.nl',
      'DocumentReference.de',
      'Flag.en',
    ]);
  });

  it('that fail on a resource give it up, without a word of it', () => {
    const own = lines({ DocumentReference: { nl: '{type.single().text.toInteger() + status}' } });
    const twice = { ...letter, type: { text: '1' } };
    const failing = () => own.read(twice, new Map(), []);
    expect(failing).toThrow(PermanentError);
    expect(failing).toThrow('The template of DocumentReference fails on this resource');
  });
});

it.each<[string, unknown, object]>([
  [
    'a person',
    { resourceType: 'Practitioner', name: [{ prefix: ['Dr.'], family: 'Alami' }] },
    { name: 'Dr. Alami' },
  ],
  ['an organisation', { resourceType: 'Organization', name: 'VVT De Linde' }, { name: 'VVT De Linde' }],
  ['a device', { resourceType: 'Device', deviceName: [{ name: 'Pump' }] }, { name: 'Pump' }],
  [
    'a condition',
    { resourceType: 'Condition', code: { coding: [{ code: 'x' }, { display: 'Asthma' }] } },
    { name: 'Asthma' },
  ],
  [
    'a role, by its person',
    { resourceType: 'PractitionerRole', practitioner: { reference: 'Practitioner/p' } },
    { namedBy: 'Practitioner/p' },
  ],
  [
    'a role whose person is named',
    { resourceType: 'PractitionerRole', practitioner: { display: 'Dr. A' } },
    { name: 'Dr. A' },
  ],
  ['no patient', { resourceType: 'Patient', name: [{ text: 'Jan' }] }, {}],
  ['no person behind a patient', { resourceType: 'Person', name: [{ text: 'Jan' }] }, {}],
])('has a name: %s', (_what, resource, name) => {
  expect(nameOfResource(resource as Resource)).toEqual(name);
});
