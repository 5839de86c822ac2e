import { OrphanedRooms } from './orphaned-rooms';

const DAY_MS = 24 * 3_600_000;
const now = 100 * DAY_MS;
const state = (age: number) => ({ state_key: '', origin_server_ts: now - age * DAY_MS });
const message = (age: number) => ({ origin_server_ts: now - age * DAY_MS });

/** A homeserver with these rooms. @returns what is deleted */
async function removedOf(
  rooms: Record<
    string,
    {
      members?: string[];
      events: object[];
      joined?: number;
      local?: number;
      type?: string;
      creator?: string | null;
    }
  >,
): Promise<string[]> {
  const deleted: string[] = [];
  const ids = Object.keys(rooms);
  const orphans = new OrphanedRooms(
    (method, path) => {
      const id = decodeURIComponent(/rooms\/([^/?]+)/.exec(path)?.[1] ?? '');
      if (method === 'DELETE') {
        deleted.push(id);
        return Promise.resolve({});
      }
      const room = rooms[id];
      if (!room) {
        const from = Number(/from=(\d+)/.exec(path)?.[1]);
        const page = ids.slice(from, from + 1).map((each) => ({
          room_id: each,
          creator: rooms[each]!.creator === undefined ? '@me:own.example' : rooms[each]!.creator,
          room_type: rooms[each]!.type ?? null,
          joined_members: rooms[each]!.joined ?? 1,
          joined_local_members: rooms[each]!.local ?? 1,
        }));
        return Promise.resolve({ rooms: page, ...(from + 1 < ids.length && { next_batch: from + 1 }) });
      }
      if (path.endsWith('/members')) return Promise.resolve({ members: room.members ?? ['@me:own.example'] });
      return Promise.resolve({ chunk: room.events });
    },
    { oldMs: 14 * DAY_MS, isKept: (creator) => creator.startsWith('@_bridge_'), now: () => now },
  );
  expect(await orphans.remove()).toBe(deleted.length);
  return deleted;
}

it('removes rooms that were made and never used, and no others', async () => {
  const removed = await removedOf({
    '!unused:a': { events: [state(15), state(15)] },
    '!young:a': { events: [state(13), state(15)] },
    '!talked:a': { events: [state(15), message(16)] },
    '!others:a': { events: [state(15)], joined: 2 },
    '!elsewhere:a': { events: [state(15)], local: 0 },
    '!inherited:a': { events: [state(15)], members: ['@other:own.example'] },
    '!empty:a': { events: [] },
    '!space:a': { events: [state(15)], type: 'm.space' },
    '!bridge:a': {
      events: [state(15)],
      creator: '@_bridge_bot:own.example',
      members: ['@_bridge_bot:own.example'],
    },
    '!nobodys:a': { events: [state(15)], creator: null },
    '!alsoUnused:a': { events: [state(20)] },
  });
  expect(removed).toEqual(['!unused:a', '!alsoUnused:a']);
});
