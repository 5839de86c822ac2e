import { sortEvent } from './sort-event';

const isOwn = (userId: string): boolean => userId.startsWith('@_bridge_') && userId.endsWith(':care.example');

function message(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    event_id: '$said',
    room_id: '!room',
    sender: '@gp:practice.example',
    type: 'm.room.message',
    origin_server_ts: 1_700_000_000_000,
    content: { msgtype: 'm.text', body: 'Good morning' },
    ...changes,
  };
}

function nested(levels: number): unknown {
  return JSON.parse('['.repeat(levels) + ']'.repeat(levels));
}

describe('sortEvent', () => {
  it('queues what somebody said, with everything that the event holds', () => {
    const event = message({ unsigned: { age: 5 } });
    expect(sortEvent(event, isOwn)).toEqual({ outcome: 'queued', kind: 'matrix.m.room.message', event });
  });

  it('drops what a ghost of this bridge said', () => {
    expect(sortEvent(message({ sender: '@_bridge_1:care.example' }), isOwn)).toEqual({ outcome: 'echo' });
  });

  it('queues what a namesake of a ghost says on another server', () => {
    expect(sortEvent(message({ sender: '@_bridge_1:evil.example' }), isOwn).outcome).toBe('queued');
  });

  it.each(['m.room.topic', 'm.receipt', 'm.typing', 'toString', '__proto__', '', 'm.room.message.x'])(
    'drops type "%s", which no worker reads, whatever else it holds',
    (type) => {
      expect(sortEvent({ type, event_id: 7 }, isOwn)).toEqual({ outcome: 'unused' });
    },
  );

  it.each(['', '@gp:practice.example', null])(
    'drops a state event of a message type (state key %j)',
    (state_key) => {
      expect(sortEvent(message({ state_key }), isOwn)).toEqual({ outcome: 'unused' });
    },
  );

  it.each([null, 7, 'text', true, [], {}, { type: 7 }, { type: null }])('finds %j malformed', (raw) => {
    expect(sortEvent(raw, isOwn).outcome).toBe('malformed');
  });

  it.each([
    ['event_id', 'no-sigil'],
    ['event_id', undefined],
    ['room_id', '#alias:care.example'],
    ['sender', 'gp'],
    ['sender', ['@gp:practice.example']],
    ['origin_server_ts', -1],
    ['origin_server_ts', 1.5],
    ['origin_server_ts', '1700000000000'],
    ['content', 'a text'],
    ['content', ['a list']],
    ['content', null],
  ])('finds a message with a wrong %s (%j) malformed and names the field only', (field, value) => {
    expect(sortEvent(message({ [field]: value }), isOwn)).toEqual({ outcome: 'malformed', reason: field });
  });

  it('finds a message malformed that is nested too deeply to be written again', () => {
    expect(sortEvent(message({ content: { body: nested(100_000) } }), isOwn)).toEqual({
      outcome: 'malformed',
      reason: 'nested too deeply',
    });
    expect(sortEvent(message({ content: { body: nested(400) } }), isOwn).outcome).toBe('queued');
  });

  it('finds a message malformed that is larger than any homeserver makes', () => {
    expect(sortEvent(message({ content: { body: 'é'.repeat(150_000) } }), isOwn)).toEqual({
      outcome: 'malformed',
      reason: 'too large',
    });
    expect(sortEvent(message({ content: { body: 'x'.repeat(65_000) } }), isOwn).outcome).toBe('queued');
  });
});
