import { RoomId } from '@bridge/contracts';
import type { Call } from './homeserver';
import { Rooms } from './rooms';

const roomId = RoomId.parse('!room:care.example');
const pageSize = 100;

/** A homeserver that has so many events after each time that it is read back to the end, and notes how it was read. */
function homeserver(counts: readonly number[]): { rooms: Rooms; pages: string[] } {
  const pages: string[] = [];
  let pass = -1;
  const call = ({ query = {} }: Call) => {
    const from = Number(query.from ?? 0);
    if (from === 0) pass += 1;
    pages.push(`${String(query.dir)} ${pass} ${from} ${String(query.to)}`);
    const left = counts[Math.min(pass, counts.length - 1)]! - from;
    const size = Math.min(left, pageSize);
    return Promise.resolve({ chunk: Array.from({ length: size }), end: String(from + size) });
  };
  return { rooms: new Rooms({ call } as never), pages };
}

describe('what a homeserver lacks of a Room', () => {
  it('is fetched by reading back, again as long as something new has come', async () => {
    const { rooms, pages } = homeserver([40, 97, 130]);
    expect(await rooms.fetchMissing(roomId, 'place', pageSize)).toBe('130');
    expect(pages).toEqual([
      'b 0 0 place',
      'b 1 0 place',
      'b 2 0 place',
      'b 2 100 place',
      'b 3 0 place',
      'b 3 100 place',
    ]);
  });

  it('takes two short looks where nothing is missing', async () => {
    const { rooms, pages } = homeserver([50]);
    await rooms.fetchMissing(roomId, 'place', pageSize);
    expect(pages).toHaveLength(2);
  });
});
