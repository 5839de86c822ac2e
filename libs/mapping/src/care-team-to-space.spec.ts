import type { CareTeam, CareTeamParticipant } from '@medplum/fhirtypes';
import { readCareTeam } from './care-team-to-space';

const now = new Date('2026-03-10T12:00:00Z');
const leadRoles = new Set(['http://snomed.info/sct|768820003']);

function read(more: Partial<CareTeam>) {
  return readCareTeam({ resourceType: 'CareTeam', id: 't1', ...more }, now, leadRoles);
}

function participant(reference: string, more: Partial<CareTeamParticipant> = {}): CareTeamParticipant {
  return { member: { reference }, ...more };
}

function membersOf(...participants: CareTeamParticipant[]) {
  return read({ participant: participants }).members.map(({ member }) => member);
}

describe('whether a care team is open', () => {
  it.each<[CareTeam['status'], boolean]>([
    [undefined, true],
    ['active', true],
    ['proposed', false],
    ['suspended', false],
    ['inactive', false],
    ['entered-in-error', false],
  ])('with status %s: %s; a team that is not open has no members', (status, open) => {
    const reading = read({ status, participant: [participant('Practitioner/a')] });
    expect(reading.open).toBe(open);
    expect(reading.members).toHaveLength(open ? 1 : 0);
  });
});

describe('whom a care team is about', () => {
  it('is its subject', () => {
    const reading = read({
      subject: { reference: 'https://ehr.example/fhir/Patient/p1/_history/3' },
      participant: [participant('Patient/other')],
    });
    expect(reading.subject).toBe('Patient/p1');
  });

  it('is the patient among the participants where it has no subject', () => {
    const reading = read({ participant: [participant('Practitioner/a'), participant('Patient/p1')] });
    expect(reading.subject).toBe('Patient/p1');
  });

  it('stays the same patient when the team is closed or their participation has ended', () => {
    const reading = read({
      status: 'inactive',
      participant: [participant('Patient/p1', { period: { end: '2020' } })],
    });
    expect(reading.subject).toBe('Patient/p1');
  });

  it('is nobody in a team of professionals alone', () => {
    expect(read({ participant: [participant('Practitioner/a')] }).subject).toBeNull();
    expect(read({}).subject).toBeNull();
  });
});

describe('whether a care team has a Space of its own', () => {
  const managingOrganization = [{ reference: 'Organization/pharmacy' }];

  it('it has not when an organisation runs it and it is about no patient', () => {
    expect(read({ managingOrganization }).ownSpace).toBe(false);
  });

  it('it has with a patient, be it among the participants, and where nobody says who runs it', () => {
    expect(read({ managingOrganization, subject: { reference: 'Patient/p' } }).ownSpace).toBe(true);
    expect(read({ managingOrganization, participant: [participant('Patient/p')] }).ownSpace).toBe(true);
    expect(read({}).ownSpace).toBe(true);
  });
});

describe('who belongs to a care team', () => {
  it('is every participant who is referenced, in whatever form, in order', () => {
    expect(
      membersOf(
        participant('https://ehr.example/fhir/Practitioner/a'),
        participant('PractitionerRole/b/_history/2'),
        participant('Patient/p'),
        participant('CareTeam/nested'),
      ),
    ).toEqual(['Practitioner/a', 'PractitionerRole/b', 'Patient/p', 'CareTeam/nested']);
  });

  it('is nobody who is contained, named by identifier only, or missing', () => {
    expect(
      membersOf(
        participant('#doctor'),
        participant('urn:uuid:7b0b8b5c-0000-4000-8000-000000000000'),
        { member: { display: 'Dr Somebody', identifier: { value: '1' } } },
        { role: [{ text: 'nurse' }] },
      ),
    ).toEqual([]);
  });

  it.each([
    ['has ended', { end: '2026-03-09' }, false],
    ['ends today', { end: '2026-03-10' }, true],
    ['ended an hour ago', { end: '2026-03-10T11:00:00Z' }, false],
    ['begins tomorrow', { start: '2026-03-11' }, false],
    ['begins today', { start: '2026-03-10' }, true],
    ['runs from last year to next', { start: '2025', end: '2027' }, true],
  ])('counts somebody whose period %s: %j → %s', (_words, period, belongs) => {
    expect(membersOf(participant('Practitioner/a', { period }))).toHaveLength(belongs ? 1 : 0);
  });
});

describe('the role of a member', () => {
  const lead = { coding: [{ system: 'http://snomed.info/sct', code: '768820003' }] };
  const nurse = { coding: [{ system: 'http://snomed.info/sct', code: '224535009' }] };

  it.each([
    ['Practitioner/a', 'professional'],
    ['PractitionerRole/a', 'professional'],
    ['RelatedPerson/a', 'related-person'],
    ['Patient/a', 'patient'],
  ])('follows from the type of %s: %s', (reference, role) => {
    expect(read({ participant: [participant(reference)] }).members).toMatchObject([{ role }]);
  });

  it('is lead where any of their roles is a lead role', () => {
    const [member] = read({ participant: [participant('Practitioner/a', { role: [nurse, lead] })] }).members;
    expect(member).toEqual({ member: 'Practitioner/a', role: 'lead', given: { code: '224535009' } });
  });

  it('is not lead where the code is of another system', () => {
    const other = { coding: [{ system: 'urn:other', code: '768820003' }, { code: '768820003' }] };
    expect(read({ participant: [participant('Practitioner/a', { role: [other] })] }).members).toMatchObject([
      { role: 'professional' },
    ]);
  });
});

it.each<[string, string, CareTeamParticipant['role'], object]>([
  [
    'a code with its words',
    'Practitioner/a',
    [{ coding: [{ code: '1', display: 'Nurse' }] }],
    { code: '1', text: 'Nurse' },
  ],
  ['no words that somebody wrote', 'Practitioner/a', [{ text: 'niece of Mrs Oosterhuis' }], {}],
  [
    'no words at all for the patient',
    'Patient/a',
    [{ coding: [{ code: '1', display: 'Mrs O.' }] }],
    { code: '1' },
  ],
  ['nothing', 'Practitioner/a', undefined, {}],
])("a member's own role is given as %s", (_words, reference, role, given) => {
  expect(read({ participant: [participant(reference, { role })] }).members[0]?.given).toEqual(given);
});

describe('when a care team changes by itself', () => {
  const ending = [
    participant('Practitioner/a', { period: { end: '2026-03-10T13:00:00Z' } }),
    participant('Practitioner/b', { period: { start: '2026-03-10T12:30:00Z' } }),
  ];

  it('is when the next period of a participant begins or ends', () => {
    expect(read({ participant: ending }).nextChangeAt).toEqual(new Date('2026-03-10T12:30:00Z'));
  });

  it('is never, where nobody has a period or the team is closed', () => {
    expect(read({ participant: [participant('Practitioner/a')] }).nextChangeAt).toBeNull();
    expect(read({ status: 'inactive', participant: ending }).nextChangeAt).toBeNull();
  });
});

it('tells the version by when the server wrote it', () => {
  expect(read({ meta: { lastUpdated: '2026-03-01T08:00:00.123+01:00' } })).toMatchObject({
    careTeam: 'CareTeam/t1',
    versionAt: new Date('2026-03-01T07:00:00.123Z'),
  });
});
