import {
  MatrixEvent,
  MessageKind,
  SendMessage,
  FhirChanged,
  isBackground,
  kindsOf,
  messages,
} from './messages';

const kinds = Object.keys(messages) as MessageKind[];

it('each kind belongs to one work queue, and its reader finds it there', () => {
  const mapping = kindsOf('MAPPING');
  const rooms = kindsOf('ROOMS');
  expect([...mapping, ...rooms].sort()).toEqual([...kinds].sort());
  expect(mapping.filter((kind) => rooms.includes(kind))).toEqual([]);
});

it('what is to be done in Matrix goes to room-manager, and state events; everything else to the mapper', () => {
  const state = ['matrix.m.room.member', 'matrix.m.room.tombstone', 'matrix.m.space.child'];
  for (const kind of kinds)
    expect(messages[kind].stream).toBe(
      kind.startsWith('command.') || state.includes(kind) ? 'ROOMS' : 'MAPPING',
    );
});

it('only what needs no order waits in the background', () => {
  expect(kinds.filter(isBackground)).toEqual([
    'subscription.due',
    'file.fetch',
    'command.invite',
    'command.decline-invite',
    'command.resync-room',
  ]);
});

it('a Matrix event keeps fields that the bridge does not know', () => {
  const event = {
    event_id: '$e',
    room_id: '!r',
    sender: '@a:x',
    type: 'm.room.message',
    origin_server_ts: 1,
    content: { msgtype: 'm.text', body: 'x', 'org.example': { a: 1 } },
    unsigned: { age: 3 },
  };
  expect(MatrixEvent.parse(event)).toEqual(event);
  for (const wrong of [
    { origin_server_ts: -1 },
    { origin_server_ts: 1.5 },
    { content: 'x' },
    { sender: 'a' },
  ])
    expect(MatrixEvent.safeParse({ ...event, ...wrong }).success).toBe(false);
});

it.each([
  ['2026-03-10T12:00:00Z', true],
  ['2026-03-10T12:00:00.123456+01:00', true],
  ['2026-03-10', false],
  ['2026-03-10T12:00:00', false],
])('an instant has a time of day and an offset: %s → %s', (instant, valid) => {
  const message = {
    conversation: 'CommunicationRequest/c',
    source: 'Communication/m',
    version: '1',
    part: 0,
    author: 'Practitioner/a',
    content: {},
    sent: instant,
  };
  const change = { ref: 'CareTeam/t', versionId: '', lastUpdated: instant };
  expect(SendMessage.safeParse(message).success).toBe(valid);
  expect(FhirChanged.safeParse(change).success).toBe(valid);
});
