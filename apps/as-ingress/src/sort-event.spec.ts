import { OwnNamespace } from './own-namespace';
import { sortEvent } from './sort-event';

const own = new OwnNamespace({
  serverName: 'care.example',
  ghostPrefix: '_bridge_',
  botLocalpart: '_bridge_bot',
});

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
    expect(sortEvent(event, own)).toEqual({ outcome: 'queued', kind: 'matrix.m.room.message', event });
  });

  it('drops what a ghost of this bridge said', () => {
    expect(sortEvent(message({ sender: '@_bridge_1:care.example' }), own)).toEqual({ outcome: 'echo' });
  });

  it('queues what a namesake of a ghost says on another server', () => {
    expect(sortEvent(message({ sender: '@_bridge_1:evil.example' }), own).outcome).toBe('queued');
  });

  it.each(['m.room.topic', 'm.receipt', 'm.typing', 'toString', '__proto__', '', 'm.room.message.x'])(
    'drops type "%s", which no worker reads, whatever else it holds',
    (type) => {
      expect(sortEvent({ type, event_id: 7 }, own)).toEqual({ outcome: 'unused' });
    },
  );

  it.each(['', '@gp:practice.example', null])(
    'drops a state event of a message type (state key %j)',
    (state_key) => {
      expect(sortEvent(message({ state_key }), own)).toEqual({ outcome: 'unused' });
    },
  );

  it.each([null, 7, 'text', true, [], {}, { type: 7 }, { type: null }])('finds %j malformed', (raw) => {
    expect(sortEvent(raw, own).outcome).toBe('malformed');
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
    expect(sortEvent(message({ [field]: value }), own)).toEqual({ outcome: 'malformed', reason: field });
  });

  it.each([
    ['event_id', '$a\u0000b'],
    ['room_id', '!a\u007fb'],
    ['sender', '@a\u0001:b'],
    ['sender', '@a\ud800:b'],
  ])('finds a message malformed whose %s (%j) no store can hold', (field, value) => {
    expect(sortEvent(message({ [field]: value }), own)).toEqual({ outcome: 'malformed', reason: field });
  });

  function member(stateKey: string, membership: unknown, sender = stateKey): Record<string, unknown> {
    return message({ type: 'm.room.member', state_key: stateKey, sender, content: { membership } });
  }

  it.each(['leave', 'ban'])(
    'queues that the bot is out (%s), in its own name as well: an administrator deleted the Room',
    (membership) => {
      const event = member(own.bot, membership);
      expect(sortEvent(event, own)).toEqual({ outcome: 'queued', kind: 'matrix.m.room.member', event });
    },
  );

  it('queues what others do with the bot or a ghost', () => {
    expect(sortEvent(member(own.bot, 'invite', '@gp:practice.example'), own).outcome).toBe('queued');
    expect(sortEvent(member('@_bridge_1:care.example', 'leave', '@gp:practice.example'), own).outcome).toBe(
      'queued',
    );
  });

  it.each([
    ['the bot joins', member(own.bot, 'join')],
    ['the bot leaves with a membership that is none', member(own.bot, ['leave'])],
    ['a ghost leaves', member('@_bridge_1:care.example', 'leave')],
    ['the bot removes somebody', member('@gp:practice.example', 'leave', own.bot)],
    ['the bot says "leave"', message({ sender: own.bot, content: { membership: 'leave' } })],
  ])('drops it when %s', (_case, event) => {
    expect(sortEvent(event, own)).toEqual({ outcome: 'echo' });
  });

  it('finds a message malformed that is nested too deeply to be written again', () => {
    expect(sortEvent(message({ content: { body: nested(100_000) } }), own)).toEqual({
      outcome: 'malformed',
      reason: 'nested too deeply',
    });
    expect(sortEvent(message({ content: { body: nested(400) } }), own).outcome).toBe('queued');
  });

  it('finds a message malformed that is larger than any homeserver makes', () => {
    expect(sortEvent(message({ content: { body: 'é'.repeat(150_000) } }), own)).toEqual({
      outcome: 'malformed',
      reason: 'too large',
    });
    expect(sortEvent(message({ content: { body: 'x'.repeat(65_000) } }), own).outcome).toBe('queued');
  });
});
