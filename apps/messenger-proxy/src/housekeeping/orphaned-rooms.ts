import { z } from 'zod';

/** A call of Synapse's Admin API. @throws TransientError where it does not answer */
export type CallAdmin = (method: 'GET' | 'DELETE', path: string, content?: object) => Promise<unknown>;

const PAGE = 100;
const MAX_EVENTS = 200;

const roomPage = z.object({
  rooms: z.array(
    z.object({
      room_id: z.string(),
      creator: z.string(),
      joined_members: z.number(),
      joined_local_members: z.number(),
    }),
  ),
  next_batch: z.number().optional(),
});
const eventPage = z.object({
  chunk: z.array(z.object({ state_key: z.string().optional(), origin_server_ts: z.number() })),
  end: z.string().optional(),
});
const members = z.object({ members: z.array(z.string()) });

/**
 * Rooms that somebody made and nobody ever used (A_28564-01): only their creator is in them, nothing was said, and nothing
 * has changed for a time.
 */
export class OrphanedRooms {
  /** @param oldMs the time, in milliseconds */
  constructor(
    private readonly call: CallAdmin,
    private readonly oldMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Deletes them, with all that the homeserver keeps of them. @returns how many */
  async remove(): Promise<number> {
    let removed = 0;
    for (const room of await this.lonely()) {
      if (!(await this.isOrphaned(room))) continue;
      await this.call('DELETE', `/_synapse/admin/v2/rooms/${encodeURIComponent(room.room_id)}`, {
        purge: true,
      });
      removed += 1;
    }
    return removed;
  }

  /** All at once: removing shifts the pages. */
  private async lonely() {
    const found: z.infer<typeof roomPage>['rooms'] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const page: z.infer<typeof roomPage> = roomPage.parse(
        await this.call('GET', `/_synapse/admin/v1/rooms?limit=${PAGE}&from=${from}`),
      );
      found.push(
        ...page.rooms.filter((room) => room.joined_members === 1 && room.joined_local_members === 1),
      );
      from = page.next_batch;
    }
    return found;
  }

  private async isOrphaned({ room_id: id, creator }: { room_id: string; creator: string }): Promise<boolean> {
    const path = `/_synapse/admin/v1/rooms/${encodeURIComponent(id)}`;
    const { members: joined } = members.parse(await this.call('GET', `${path}/members`));
    if (joined.length !== 1 || joined[0] !== creator) return false;
    // From the end: what is newest decides.
    const { chunk, end } = eventPage.parse(
      await this.call('GET', `${path}/messages?dir=b&limit=${MAX_EVENTS}`),
    );
    const [newest] = chunk;
    const isOld = newest !== undefined && this.now() - newest.origin_server_ts > this.oldMs;
    // A room with more than one page of changes was used.
    return (
      isOld &&
      (end === undefined || chunk.length < MAX_EVENTS) &&
      chunk.every((event) => event.state_key !== undefined)
    );
  }
}
