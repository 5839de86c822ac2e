import { parseTransaction } from './transaction-body';

describe('parseTransaction', () => {
  it('reads the events as they are', () => {
    const events = [{ type: 'm.room.message' }, null, 7];
    expect(parseTransaction(Buffer.from(JSON.stringify({ events })))?.events).toEqual(events);
  });

  function read(body: object) {
    const transaction = parseTransaction(Buffer.from(JSON.stringify({ events: [], ...body })));
    return {
      ephemeral: transaction?.ephemeral,
      ignored: Object.fromEntries(transaction?.ignored ?? []),
    };
  }

  it.each(['ephemeral', 'de.sorunome.msc2409.ephemeral'])('reads the ephemeral events under "%s"', (name) => {
    expect(read({ [name]: [{ type: 'm.typing' }, 7] })).toEqual({
      ephemeral: [{ type: 'm.typing' }, 7],
      ignored: {},
    });
  });

  it('reads the ephemeral events once that come under both names', () => {
    const body = { 'de.sorunome.msc2409.ephemeral': [{ type: 'old' }], ephemeral: [{ type: 'stable' }] };
    expect(read(body)).toEqual({ ephemeral: [{ type: 'stable' }], ignored: {} });
  });

  it('counts what comes beside them, under few names, and once what comes under several', () => {
    const toDevice = { type: 'm.room_key', sender: '@a:b', content: {} };
    const body = {
      to_device: [toDevice],
      'de.sorunome.msc2409.to_device': [toDevice],
      'org.matrix.msc3202.device_lists': { changed: ['@a:b'], left: [] },
      'org.matrix.msc3202.device_one_time_key_counts': { '@a:b': {} },
      'org.matrix.msc3202.device_one_time_keys_count': { '@a:b': {} },
      device_unused_fallback_key_types: {},
      constructor: {},
      'some.new.thing': [{}, {}, {}],
    };
    expect(read(body).ignored).toEqual({ to_device: 1, device_lists: 1, device_keys: 2, other: 4 });
  });

  it.each([
    ['ephemeral', {}],
    ['ephemeral', null],
    ['to_device', 'text'],
    ['to_device', [{ type: 7 }]],
    ['device_lists', []],
    ['device_lists', { changed: 'everybody' }],
    ['device_one_time_keys_count', [1]],
    ['device_unused_fallback_key_types', null],
  ])('counts %s as malformed when it is %j, and reads the events', (name, value) => {
    const body = Buffer.from(JSON.stringify({ events: [1], [name]: value }));
    expect(parseTransaction(body)).toEqual({
      events: [1],
      ephemeral: [],
      ignored: new Map([['malformed', 1]]),
    });
  });

  it.each(['', 'no JSON', '{"events":[', 'null', '[]', '{}', '{"events":{}}', '{"events":"[]"}', '"events"'])(
    'does not take %j for a transaction',
    (text) => {
      expect(parseTransaction(Buffer.from(text))).toBeUndefined();
    },
  );

  it('does not take text in another encoding than UTF-8 for a transaction', () => {
    expect(parseTransaction(Buffer.from('{"events":["é"]}', 'latin1'))).toBeUndefined();
  });
});
