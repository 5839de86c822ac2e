import { EventId, RoomId, TransientError, UserId } from '@bridge/contracts';
import { textsIn } from '@bridge/mapping';
import { DirectChats } from './direct-chats';

/* What is seen between two lines, and deaths there, which no real homeserver can be asked for. */

const bot = UserId.parse('@_fhir_bridge_bot:vvt.example');
const anna = UserId.parse('@anna:vvt.example');
const room = RoomId.parse('!room');
const invite = EventId.parse('$invite');

function chatsWhere(say: (isKept: boolean) => void) {
  const kept = new Map<RoomId, UserId>();
  const state = [bot, anna].map((userId) => ({
    type: 'm.room.member',
    state_key: userId,
    content: { membership: 'join' },
  }));
  const chats = new DirectChats(
    { save: async (roomId: RoomId, userId: UserId) => void kept.set(roomId, userId) } as never,
    { state: async () => state } as never,
    {} as never,
    { say: async () => say(kept.has(room)) } as never,
    { textsFor: async () => textsIn('nl') } as never,
    { bot, botPrefix: '!care' } as never,
  );
  return { chats, kept };
}

describe('a direct chat that begins', () => {
  it('is known before the greeting, so that whoever answers it is heard', async () => {
    const keptAtGreeting: boolean[] = [];
    const { chats } = chatsWhere((isKept) => void keptAtGreeting.push(isKept));
    expect(await chats.begin(room, anna, invite)).toBe(true);
    expect(keptAtGreeting).toEqual([true]);
  });

  it('is greeted when the invite comes again, where the greeting failed', async () => {
    let tries = 0;
    const { chats, kept } = chatsWhere(() => {
      tries += 1;
      if (tries === 1) throw new TransientError('homeserver-away', 'away', { advice: '' });
    });
    await expect(chats.begin(room, anna, invite)).rejects.toThrow('away');
    await chats.begin(room, anna, invite);
    expect(tries).toBe(2);
    expect([...kept]).toEqual([[room, anna]]);
  });
});
