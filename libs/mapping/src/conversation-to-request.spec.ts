import { EventId, FhirRef, RoomId } from '@bridge/contracts';
import type { CommunicationRequest } from '@medplum/fhirtypes';
import {
  NewConversation,
  adoptedRoomOf,
  archivedRequest,
  requestQuery,
  toCommunicationRequest,
} from './conversation-to-request';

const conversation: NewConversation = {
  careTeam: FhirRef.parse('CareTeam/team'),
  subject: FhirRef.parse('Patient/p'),
  requester: FhirRef.parse('Practitioner/gp'),
  topic: 'Wound on the heel',
  identifier: EventId.parse('$command'),
  startedAt: new Date('2026-11-21T10:00:00Z'),
  serverName: 'vvt.example',
};
const room = RoomId.parse('!made-in-matrix');

describe('a conversation that somebody opened in Matrix', () => {
  it('is recorded with requester, sender, recipients, subject, topic and time', () => {
    expect(toCommunicationRequest(conversation)).toEqual({
      resourceType: 'CommunicationRequest',
      meta: {
        source: 'urn:fhir-matrix-bridge:vvt.example',
        tag: [{ system: 'urn:fhir-matrix-bridge:tag', code: 'from-matrix' }],
      },
      identifier: [{ system: 'https://matrix.org/event-id', value: '$command' }],
      status: 'active',
      subject: { reference: 'Patient/p', type: 'Patient' },
      requester: { reference: 'Practitioner/gp', type: 'Practitioner' },
      sender: { reference: 'Practitioner/gp', type: 'Practitioner' },
      recipient: [{ reference: 'CareTeam/team', type: 'CareTeam' }],
      reasonCode: [{ text: 'Wound on the heel' }],
      authoredOn: '2026-11-21T10:00:00.000Z',
    });
  });

  it('has no topic where none was given or nothing can be read, and no subject where the team has none', () => {
    for (const topic of [undefined, '  ', '\u0000'])
      expect(toCommunicationRequest({ ...conversation, topic })).not.toHaveProperty('reasonCode');
    expect(toCommunicationRequest({ ...conversation, subject: null })).not.toHaveProperty('subject');
  });

  it('is found again by the command or the Room that it began with', () => {
    expect(requestQuery(conversation.identifier)).toBe(
      'identifier=https%3A%2F%2Fmatrix.org%2Fevent-id%7C%24command',
    );
    expect(requestQuery(room)).toBe('identifier=https%3A%2F%2Fmatrix.org%2Froom-id%7C!made-in-matrix');
  });

  it('names the Room that was there before it, which counts in our own resources only', () => {
    const request = toCommunicationRequest({ ...conversation, identifier: room });
    expect(adoptedRoomOf(request)).toBe(room);
    expect(adoptedRoomOf({ ...request, meta: undefined })).toBeUndefined();
    expect(adoptedRoomOf(toCommunicationRequest(conversation))).toBeUndefined();
  });
});

describe('a conversation that somebody closed in Matrix', () => {
  const request = (status: CommunicationRequest['status']): CommunicationRequest => ({
    resourceType: 'CommunicationRequest',
    id: '1',
    status,
  });

  it('is completed', () => {
    for (const status of ['active', 'on-hold', 'draft'] as const)
      expect(archivedRequest(request(status))).toEqual({ ...request(status), status: 'completed' });
  });

  it('stays as it is when it is over', () => {
    for (const status of ['completed', 'revoked', 'entered-in-error'] as const)
      expect(archivedRequest(request(status))).toBeUndefined();
  });
});
