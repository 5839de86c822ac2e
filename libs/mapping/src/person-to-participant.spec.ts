import type { ContactPoint, Extension, Patient, Practitioner, RelatedPerson } from '@medplum/fhirtypes';
import { type Language, UserId } from '@bridge/contracts';
import { type GivenRole, type PersonResource, nameWithoutRole, readPerson } from './person-to-participant';

const purpose: Extension = {
  url: 'http://hl7.org/fhir/StructureDefinition/contactpoint-purpose',
  valueString: 'matrix-messaging',
};
const account: ContactPoint = { system: 'other', value: '@doctor:care.example', extension: [purpose] };

const practitioner: Practitioner = {
  resourceType: 'Practitioner',
  id: 'd1',
  name: [{ prefix: ['Dr'], given: ['Ada', 'B.'], family: 'Visser' }],
};

function accountOf(...telecom: ContactPoint[]) {
  return readPerson({ ...practitioner, telecom }, {}, 'en').accountUserId;
}

function nameOf(person: PersonResource, given: GivenRole = {}, language: Language = 'en') {
  return readPerson(person, given, language).displayName;
}

describe('the Matrix account of a person', () => {
  it('is the contact point of system other whose purpose is matrix-messaging', () => {
    const phone: ContactPoint = { system: 'phone', value: '+31201234567' };
    expect(accountOf(phone, account)).toBe('@doctor:care.example');
  });

  it('is found where the purpose is a code', () => {
    const code = { url: purpose.url, valueCode: 'matrix-messaging' };
    expect(accountOf({ ...account, extension: [code] })).toBe('@doctor:care.example');
  });

  it('is found behind another extension', () => {
    const extension = [{ url: 'urn:other', valueString: 'x' }, purpose];
    expect(accountOf({ ...account, extension })).toBe('@doctor:care.example');
  });

  it('is the one in use where an old one is listed before it', () => {
    expect(accountOf({ ...account, use: 'old', value: '@former:care.example' }, account)).toBe(
      '@doctor:care.example',
    );
  });

  it.each<[string, ContactPoint]>([
    ['another system', { ...account, system: 'url' }],
    ['no system', { ...account, system: undefined }],
    ['no purpose', { ...account, extension: undefined }],
    ['another purpose', { ...account, extension: [{ ...purpose, valueString: 'matrix-homeserver' }] }],
    ['the purpose in another extension', { ...account, extension: [{ ...purpose, url: 'urn:other' }] }],
    ['an old one only', { ...account, use: 'old' }],
    ['a display name for an id', { ...account, value: 'Doctor' }],
    ['an id without server', { ...account, value: '@doctor' }],
    ['an id with a space', { ...account, value: '@doctor:care.example ' }],
    ['an id that is too long', { ...account, value: `@${'d'.repeat(250)}:care.example` }],
    ['no value', { ...account, value: undefined }],
  ])('is none with %s', (_words, telecom) => {
    expect(accountOf(telecom)).toBeNull();
  });
});

describe('what a ghost is called', () => {
  it.each<[string, PersonResource, string]>([
    ['prefix, given names and family', practitioner, 'Dr Ada B. Visser'],
    ['the name as text', { ...practitioner, name: [{ text: 'Dr A. Visser', family: 'V' }] }, 'Dr A. Visser'],
    [
      'the official name',
      {
        ...practitioner,
        name: [
          { use: 'nickname', text: 'Addie' },
          { use: 'official', text: 'Ada Visser' },
        ],
      },
      'Ada Visser',
    ],
    ['a practitioner without name', { ...practitioner, name: undefined }, 'Practitioner'],
    ['a practitioner whose name is empty', { ...practitioner, name: [{}] }, 'Practitioner'],
  ])('%s', (_words, person, expected) => {
    expect(nameOf(person)).toBe(expected);
  });

  const daughter: RelatedPerson = {
    resourceType: 'RelatedPerson',
    id: 'r1',
    patient: { reference: 'Patient/p1' },
    name: [{ given: ['Eva'] }],
  };

  it.each<[string, RelatedPerson['relationship'], string]>([
    ['text', [{ text: 'daughter' }], 'Eva · daughter'],
    ['a common code', [{ coding: [{ code: 'DAU', display: 'Natural daughter' }] }], 'Eva · daughter'],
    ['another code', [{ coding: [{ code: 'x', display: 'Stepchild' }] }], 'Eva · Stepchild'],
    ['nothing', undefined, 'Eva'],
  ])('a related person shows the relationship given as %s', (_words, relationship, expected) => {
    expect(nameOf({ ...daughter, relationship })).toBe(expected);
  });

  it('a related person without name is called so', () => {
    expect(nameOf({ ...daughter, name: undefined })).toBe('Related person');
  });

  const pharmacist = { code: '46255001', text: 'Pharmacist in the High Street' };

  it.each<[string, PersonResource, GivenRole, Language, string]>([
    [
      'the role in the language of the bridge',
      practitioner,
      pharmacist,
      'nl',
      'Dr Ada B. Visser · apotheker',
    ],
    ['… in another', practitioner, pharmacist, 'de', 'Dr Ada B. Visser · Apotheker/in'],
    [
      "the team's own words for a rare role",
      practitioner,
      { code: '0', text: 'Fixer' },
      'nl',
      'Dr Ada B. Visser · Fixer',
    ],
    ['nothing for a role without words', practitioner, { code: '0' }, 'nl', 'Dr Ada B. Visser'],
    [
      'the relation to the patient before the role in the team',
      { ...daughter, relationship: [{ text: 'youngest', coding: [{ code: 'DAUC' }] }] },
      { code: '407542009' },
      'nl',
      'Eva · dochter',
    ],
    [
      'the role in the team of a related person without relation',
      daughter,
      { code: '407542009' },
      'nl',
      'Eva · mantelzorger',
    ],
    [
      'the neutral name in that language',
      { ...practitioner, name: undefined },
      pharmacist,
      'nl',
      'Zorgverlener · apotheker',
    ],
    [
      'nothing but the neutral name for a patient',
      { resourceType: 'Patient', id: 'p' },
      pharmacist,
      'nl',
      'Patiënt',
    ],
  ])('shows %s', (_words, person, given, language, expected) => {
    expect(nameOf(person, given, language)).toBe(expected);
    expect(nameWithoutRole(expected)).toBe(expected.split(' · ')[0]);
  });

  it('a patient is called Patient, whatever the resource says', () => {
    expect(nameOf({ resourceType: 'Patient', id: 'p1', name: [{ text: 'Jan Jansen' }] })).toBe('Patient');
  });
});

describe('what the room is told of a person', () => {
  const bsn = { system: 'http://fhir.nl/fhir/NamingSystem/bsn', value: '999911120' };
  const pseudonym = { system: 'http://fhir.nl/fhir/NamingSystem/pseudo-bsn', value: 'pseudo-1' };
  const uzi = { system: 'http://fhir.nl/fhir/NamingSystem/uzi-nr-pers', value: '900021323' };
  const telecom: ContactPoint[] = [{ system: 'email', value: 'ada@care.example' }];
  const identifier = [bsn, pseudonym, uzi];

  it('is the UZI number and address of a practitioner, with the role in the team', () => {
    expect(readPerson({ ...practitioner, identifier, telecom }, { code: '224535009' }, 'en').mapping).toEqual(
      {
        fhirRef: 'Practitioner/d1',
        roleCode: '224535009',
        uziNr: '900021323',
        email: 'ada@care.example',
      },
    );
  });

  it('is the reference alone where nothing more is known', () => {
    expect(readPerson(practitioner, {}, 'en').mapping).toEqual({ fhirRef: 'Practitioner/d1' });
  });

  it.each<PersonResource>([
    { resourceType: 'Patient', id: 'p1', identifier, telecom },
    { resourceType: 'RelatedPerson', id: 'r1', identifier, telecom, patient: { reference: 'Patient/p1' } },
  ])('is the reference and role alone of anybody else: %j', (person) => {
    expect(readPerson(person, { code: 'role', text: 'words' }, 'en').mapping).toEqual({
      fhirRef: `${person.resourceType}/${person.id}`,
      roleCode: 'role',
    });
  });

  it.each<PersonResource>([
    { ...practitioner, identifier, telecom },
    { resourceType: 'Patient', id: 'p1', identifier, telecom } satisfies Patient,
    { resourceType: 'RelatedPerson', id: 'r1', identifier, telecom, patient: { reference: 'Patient/p1' } },
  ])('never holds a citizen service number: %j', (person) => {
    const words = JSON.stringify(readPerson(person, { code: 'role', text: 'words' }, 'en'));
    expect(words).not.toContain(bsn.value);
    expect(words).not.toContain(pseudonym.value);
  });
});

describe('what other resources say of a person', () => {
  const at = UserId.parse('@ada:praxis.example');
  const around = { endpointAccount: at, uraNr: '87654321', uziNr: '123' };

  it('gives them the account of an Endpoint, where their own resource has none, or where that comes first', () => {
    const own = { ...practitioner, telecom: [account] };
    expect(readPerson(practitioner, {}, 'en', around).accountUserId).toBe(at);
    expect(readPerson(own, {}, 'en', around).accountUserId).toBe('@doctor:care.example');
    expect(readPerson(own, {}, 'en', around, 'endpoint-first').accountUserId).toBe(at);
    expect(readPerson(own, {}, 'en', { endpointAccount: null }, 'endpoint-first').accountUserId).toBe(
      '@doctor:care.example',
    );
  });

  it('is in their mapping; what their own resource says counts', () => {
    const own = {
      ...practitioner,
      identifier: [{ system: 'http://fhir.nl/fhir/NamingSystem/uzi-nr-pers', value: '999' }],
    };
    expect(readPerson(practitioner, {}, 'en', around).mapping).toMatchObject({
      uraNr: '87654321',
      uziNr: '123',
    });
    expect(readPerson(own, {}, 'en', around).mapping).toMatchObject({ uraNr: '87654321', uziNr: '999' });
  });
});
