import { parseTransaction } from './transaction-body';

describe('parseTransaction', () => {
  it('reads the events as they are', () => {
    const events = [{ type: 'm.room.message' }, null, 7];
    expect(parseTransaction(Buffer.from(JSON.stringify({ events })))?.events).toEqual(events);
  });

  it('counts what comes beside them, under few names', () => {
    const body = {
      events: [],
      ephemeral: [{}, {}],
      'de.sorunome.msc2409.to_device': [{}],
      'org.matrix.msc3202.device_lists': { changed: [], left: [] },
      constructor: {},
      'some.new.thing': [{}, {}, {}],
    };
    expect(Object.fromEntries(parseTransaction(Buffer.from(JSON.stringify(body)))?.ignored ?? [])).toEqual({
      ephemeral: 2,
      to_device: 1,
      device_lists: 1,
      other: 4,
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
