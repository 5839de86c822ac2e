import { sortEphemeral } from './read-receipts';

const gp = '@gp:practice.example';
const isOwn = (userId: string): boolean => userId.startsWith('@_bridge_');

function receipt(content: unknown, changes: object = {}): object {
  return { type: 'm.receipt', room_id: '!room', content, ...changes };
}

function sorted(...items: unknown[]) {
  const { receipts, ignored } = sortEphemeral(items, isOwn);
  return { receipts, ignored: Object.fromEntries(ignored) };
}

describe('sortEphemeral', () => {
  it('finds each reading of each event', () => {
    const content = {
      $1: { 'm.read': { [gp]: { ts: 5 }, '@nurse:care.example': { ts: 6, thread_id: 'main' } } },
      $2: { 'm.read': { [gp]: { ts: 7 } } },
    };
    expect(sorted(receipt(content))).toEqual({
      receipts: [
        { roomId: '!room', eventId: '$1', userId: gp, readAt: 5 },
        { roomId: '!room', eventId: '$1', userId: '@nurse:care.example', readAt: 6 },
        { roomId: '!room', eventId: '$2', userId: gp, readAt: 7 },
      ],
      ignored: {},
    });
  });

  it('takes the same reading once', () => {
    const content = { $1: { 'm.read': { [gp]: { ts: 5 } } } };
    expect(sorted(receipt(content), receipt(content)).receipts).toHaveLength(1);
  });

  it("leaves private receipts and those of the bridge's own users out", () => {
    const content = {
      $1: { 'm.read.private': { [gp]: { ts: 5 } }, 'm.read': { '@_bridge_1:care.example': { ts: 5 } } },
    };
    expect(sorted(receipt(content))).toEqual({ receipts: [], ignored: { receipt: 1, own_receipt: 1 } });
  });

  it('drops what is typed, who is there, and what has yet to be invented, and counts each', () => {
    const typing = { type: 'm.typing', room_id: '!room', content: { user_ids: [gp] } };
    const presence = { type: 'm.presence', sender: gp, content: {} };
    expect(sorted(typing, typing, presence, { type: '__proto__' })).toEqual({
      receipts: [],
      ignored: { typing: 2, presence: 1, ephemeral: 1 },
    });
  });

  it.each([
    ['no object', 7],
    ['null', null],
    ['a list', []],
    ['no type', {}],
    ['a type that is no text', { type: ['m.receipt'] }],
    ['no content', receipt(undefined)],
    ['a content that is a list', receipt([{}])],
    ['kinds that are a list', receipt({ $1: [{}] })],
    ['readers that are a text', receipt({ $1: { 'm.read': gp } })],
    ['no Room', receipt({ $1: { 'm.read': { [gp]: { ts: 5 } } } }, { room_id: undefined })],
    ['an alias for a Room', receipt({ $1: { 'm.read': { [gp]: { ts: 5 } } } }, { room_id: '#room' })],
    ['an event id that is none', receipt({ one: { 'm.read': { [gp]: { ts: 5 } } } })],
    ['an id that no store can hold', receipt({ '$a\u0000': { 'm.read': { [gp]: { ts: 5 } } } })],
    ['a reader that is nobody', receipt({ $1: { 'm.read': { gp: { ts: 5 } } } })],
    ['no time', receipt({ $1: { 'm.read': { [gp]: {} } } })],
    ['a time that is a text', receipt({ $1: { 'm.read': { [gp]: { ts: '5' } } } })],
    ['a time that is a fraction', receipt({ $1: { 'm.read': { [gp]: { ts: 0.5 } } } })],
    ['a receipt that is null', receipt({ $1: { 'm.read': { [gp]: null } } })],
  ])('counts %s as malformed and goes on with the next', (_case, item) => {
    const good = receipt({ $2: { 'm.read': { [gp]: { ts: 7 } } } });
    const { receipts, ignored } = sorted(item, good);
    expect(receipts.map(({ eventId }) => eventId)).toEqual(['$2']);
    expect(ignored).toEqual({ malformed: 1 });
  });

  const read = (count: number) => {
    const readers = Array.from({ length: count }, (_, index) => [`@reader${index}:evil.example`, { ts: 1 }]);
    return { $1: { 'm.read': Object.fromEntries(readers) as object } };
  };

  it('takes a hundred receipts of a Room at once, and counts the rest of a flood', () => {
    const { receipts, ignored } = sorted(receipt(read(150)), receipt(read(3), { room_id: '!other' }));
    expect(receipts).toHaveLength(103);
    expect(ignored).toEqual({ receipt_flood: 50 });
  });

  it('takes a thousand receipts at once, and counts the rest of a flood', () => {
    const rooms = Array.from({ length: 12 }, (_, room) => receipt(read(100), { room_id: `!room${room}` }));
    const { receipts, ignored } = sorted(...rooms);
    expect(receipts).toHaveLength(1_000);
    expect(ignored).toEqual({ receipt_flood: 200 });
  });
});
