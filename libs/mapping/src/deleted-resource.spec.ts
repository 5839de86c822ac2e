import type { FhirRef } from '@bridge/contracts';
import type { Communication } from '@medplum/fhirtypes';
import { readCareTeam } from './care-team-to-space';
import { readCommunication } from './communication-to-message';
import { endedCareTeam, endedCommunication, remainsOf } from './deleted-resource';
import { orderingKey } from './ordering-key';

const end = (ref: string) => ({
  ref: ref as FhirRef,
  versionId: '4',
  lastUpdated: '2026-03-10T12:00:00.000Z',
});

const last: Communication = {
  resourceType: 'Communication',
  id: 'c',
  status: 'completed',
  meta: { versionId: '3', lastUpdated: '2026-03-10T11:00:00Z', tag: [{ code: 'kept' }] },
  partOf: [{ reference: 'CommunicationRequest/r' }],
  sender: { reference: 'RelatedPerson/p' },
  topic: { text: 'The pills of mevrouw Oosterhuis' },
  payload: [{ contentString: 'She is dizzy' }],
  note: [{ text: 'dizzy' }],
};

it('of a deleted Communication is kept where it belonged and who wrote it, and none of its words', () => {
  const remains = remainsOf(last);
  expect(JSON.stringify(remains)).not.toMatch(/dizzy|pills/);
  expect(orderingKey(remains!)).toBe('CommunicationRequest/r');
  expect(endedCommunication(end('Communication/c'), remains)).toMatchObject({
    id: 'c',
    status: 'entered-in-error',
    sender: { reference: 'RelatedPerson/p' },
    meta: { versionId: '4', lastUpdated: '2026-03-10T12:00:00.000Z', tag: [{ code: 'kept' }] },
  });
});

it('a deleted Communication is taken back, whether the server tells of its last version or not', () => {
  const ended = end('Communication/c');
  expect(readCommunication(endedCommunication(ended, remainsOf(last)), 'fhir')).toBe('taken-back');
  expect(readCommunication(endedCommunication(ended, undefined), 'fhir')).toBe('taken-back');
});

it('a deleted CareTeam has no members, and is about the patient it was about', () => {
  const team = endedCareTeam(end('CareTeam/t'), 'Patient/p' as FhirRef);
  expect(readCareTeam(team, new Date(), new Set())).toMatchObject({
    careTeam: 'CareTeam/t',
    subject: 'Patient/p',
    open: false,
    members: [],
    versionAt: new Date('2026-03-10T12:00:00Z'),
  });
  expect(endedCareTeam(end('CareTeam/t'), null)).not.toHaveProperty('subject');
});

it('nothing is kept of other resources', () => {
  expect(remainsOf({ resourceType: 'Patient', name: [{ text: 'Willemijn' }] })).toBeUndefined();
});
