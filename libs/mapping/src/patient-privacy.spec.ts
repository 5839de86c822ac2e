import { RoomId, UserId } from '@bridge/contracts';
import type { CareTeam, CommunicationRequest, Patient } from '@medplum/fhirtypes';
import { readCareTeam } from './care-team-to-space';
import { readCommunicationRequest } from './communication-request-to-room';
import { creation, roomState, spaceChild, spaceState } from './container-state';
import { powerOfMaker } from './power-in-room';
import { readPerson } from './person-to-participant';

/** Words that tell who the patient is: none may come near what every server of the federation copies. */
const canaries = [
  'Cornelia',
  'Kanarie',
  '1951-06-23',
  '999911120',
  'canary@example.org',
  'Canarystreet',
  'wound',
];

const patient: Patient = {
  resourceType: 'Patient',
  id: 'p1',
  name: [{ use: 'official', text: 'Cornelia Kanarie', given: ['Cornelia'], family: 'Kanarie' }],
  birthDate: '1951-06-23',
  identifier: [
    { system: 'http://fhir.nl/fhir/NamingSystem/bsn', value: '999911120' },
    { system: 'http://fhir.nl/fhir/NamingSystem/uzi-nr-pers', value: '999911120' },
    { system: 'http://fhir.nl/fhir/NamingSystem/pseudo-bsn', value: '999911120' },
  ],
  telecom: [{ system: 'email', value: 'canary@example.org' }],
  address: [{ line: ['Canarystreet 1'] }],
};
const subject = { reference: 'Patient/p1', display: 'Cornelia Kanarie', identifier: patient.identifier?.[0] };

const careTeam: CareTeam = {
  resourceType: 'CareTeam',
  id: 't1',
  name: 'Care team of Cornelia Kanarie, 1951-06-23',
  subject,
  identifier: patient.identifier,
  reasonCode: [{ text: 'wound of Cornelia' }],
  note: [{ text: 'Canarystreet' }],
  participant: [
    { member: subject, role: [{ text: 'Cornelia', coding: [{ code: '116154003', display: 'Kanarie' }] }] },
  ],
};

const request: CommunicationRequest = {
  resourceType: 'CommunicationRequest',
  id: 'c1',
  status: 'active',
  subject,
  reasonCode: [{ text: 'The wound of Cornelia Kanarie' }],
  category: [{ text: 'wound' }],
  note: [{ text: '999911120' }],
  recipient: [subject],
  authoredOn: '2026-03-10',
};

it('nothing that tells who the patient is gets into what a Space or Room is made of', () => {
  const team = readCareTeam(careTeam, new Date('2026-03-10T12:00:00Z'), new Set());
  const person = readPerson(patient, team.members[0]?.given ?? {}, 'en');
  const common = {
    levels: { lead: 100, professional: 75, 'related-person': 50, patient: 25 },
    bot: UserId.parse('@_fhir_bridge_bot:care.example'),
    power: powerOfMaker(UserId.parse('@_fhir_bridge_bot:care.example'), '11'),
    organisation: 'Care Example',
    serverName: 'care.example',
    channel: '_fhir_bridge_0f',
    members: team.members.map(({ role }) => ({
      userId: UserId.parse('@_fhir_bridge_0f:care.example'),
      role,
      mapping: person.mapping,
    })),
  };
  expect(common.members).toHaveLength(1);
  const roomId = RoomId.parse('!room:care.example');
  const states = [
    spaceState({ ...common, language: 'en', conversations: [] }),
    roomState({
      ...common,
      name: readCommunicationRequest(request, false, 'en').name,
      open: true,
      historyVisibility: 'joined',
      space: roomId,
      formerSpaces: [],
      retentionDays: 365,
    }),
  ];
  const visible = JSON.stringify([
    states,
    states.map((state) =>
      creation({ kind: 'room', aliasLocalpart: '_fhir_bridge_0f', roomVersion: '11', federate: true, state }),
    ),
    spaceChild(roomId, 'care.example'),
    person.displayName,
    team,
  ]);
  expect(canaries.filter((word) => visible.toLowerCase().includes(word.toLowerCase()))).toEqual([]);
});
