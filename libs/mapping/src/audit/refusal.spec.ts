import { EventId, RoomId, UserId } from '@bridge/contracts';
import { refusalOfMessage, refusalOfNotice } from './refusal';

const said = {
  event_id: '$e',
  room_id: '!r',
  sender: '@gp:gp.example',
  type: 'm.room.message',
  content: { body: 'Willemijn is worse' },
};

describe('a message that was given up', () => {
  it('was the wish of who said it', () => {
    expect(refusalOfMessage('matrix.m.room.message', said, 'fhir-refused')).toEqual({
      deed: 'create',
      reason: 'fhir-refused',
      by: '@gp:gp.example',
      what: [],
      room: '!r',
      event: '$e',
    });
    expect(refusalOfMessage('file.fetch', { event: said }, 'x')).toMatchObject({
      deed: 'create',
      by: '@gp:gp.example',
      event: '$e',
    });
  });

  it('was to be shown in Matrix for who wrote it', () => {
    const message = {
      conversation: 'CommunicationRequest/c',
      source: 'Communication/m',
      author: 'RelatedPerson/s',
    };
    expect(refusalOfMessage('command.send-message', message, 'matrix-refused')).toMatchObject({
      deed: 'disclose',
      by: 'RelatedPerson/s',
      what: ['Communication/m', 'CommunicationRequest/c'],
    });
  });

  it('was to be told to who was invited', () => {
    const invite = { kind: 'room', container: 'CareTeam/t', userId: '@gp:gp.example' };
    const refusal = refusalOfMessage('command.invite', invite, 'matrix-refused');
    expect(refusal).toMatchObject({ deed: 'disclose', to: '@gp:gp.example', what: ['CareTeam/t'] });
    expect(refusal.by).toBeUndefined();
  });

  it.each([
    ['no object', 'Willemijn Oosterhuis'],
    ['nothing', undefined],
    ['a list', ['Willemijn']],
    [
      'an object with words where ids belong',
      { sender: 'Willemijn O', ref: 'mevrouw Oosterhuis', room_id: 7 },
    ],
    ['words within an event', { event: { sender: 'Willemijn', body: 'Oosterhuis' } }],
  ])('gives no word away when it is %s', (_what, payload) => {
    expect(JSON.stringify(refusalOfMessage('fhir.pull', payload, 'malformed-message'))).toBe(
      '{"deed":"execute","reason":"malformed-message","what":[]}',
    );
  });
});

describe('a notice', () => {
  const notice = {
    to: UserId.parse('@gp:gp.example'),
    roomId: RoomId.parse('!r'),
    inReplyTo: EventId.parse('$e'),
  };

  it('of something that was not done tells what and whose wish it was', () => {
    expect(refusalOfNotice({ ...notice, notice: 'membership-restored' })).toEqual({
      deed: 'update',
      reason: 'membership-restored',
      by: '@gp:gp.example',
      what: [],
      room: '!r',
      event: '$e',
    });
  });

  it('of something that went well is no refusal', () => {
    expect(refusalOfNotice({ ...notice, notice: 'conversation-started' })).toBeUndefined();
  });
});
