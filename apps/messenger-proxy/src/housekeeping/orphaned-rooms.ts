import { z } from 'zod';

/** A call of Synapse's Admin API. @throws TransientError where it does not answer */
export type CallAdmin = (method: 'GET' | 'DELETE', path: string, content?: object) => Promise<unknown>;

const PAGE = 100;
const MAX_EVENTS = 200;

const room = z.object({
  room_id: z.string(),
  // Synapse does not know it of each room.
  creator: z.string().nullish(),
  joined_members: z.number(),
  joined_local_members: z.number(),
  room_type: z.string().nullish(),
});
type Room = z.infer<typeof room>;

const roomPage = z.object({ rooms: z.array(room), next_batch: z.number().optional() });
const eventPage = z.object({
  chunk: z.array(z.object({ state_key: z.string().optional(), origin_server_ts: z.number() })),
  end: z.string().optional(),
});
const members = z.object({ members: z.array(z.string()) });

/** When a room counts as orphaned. */
export interface OrphanedRoomOptions {
  /** The time for which nothing has changed, in milliseconds. */
  readonly oldMs: number;
  /** Whose rooms are left alone, such as those of the bridge: an empty one of a care team is in use. */
  readonly isKept?: (creator: string) => boolean;
  readonly now?: () => number;
}

/**
 * Rooms that somebody made and nobody ever used (A_28564-01): only their creator is in them, nothing was said, and nothing
 * has changed for a time. Spaces are left alone: nothing is ever said in them.
 */
export class OrphanedRooms {
  private readonly now: () => number;

  constructor(
    private readonly call: CallAdmin,
    private readonly options: OrphanedRoomOptions,
  ) {
    this.now = options.now ?? Date.now;
  }

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
  private async lonely(): Promise<Room[]> {
    const found: Room[] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const page: z.infer<typeof roomPage> = roomPage.parse(
        await this.call('GET', `/_synapse/admin/v1/rooms?limit=${PAGE}&from=${from}`),
      );
      found.push(...page.rooms.filter((each) => this.isLonely(each)));
      from = page.next_batch;
    }
    return found;
  }

  private isLonely(each: Room): boolean {
    const { creator, room_type: type } = each;
    if (!creator || type === 'm.space' || this.options.isKept?.(creator)) return false;
    return each.joined_members === 1 && each.joined_local_members === 1;
  }

  private async isOrphaned({ room_id: id, creator }: Room): Promise<boolean> {
    const path = `/_synapse/admin/v1/rooms/${encodeURIComponent(id)}`;
    const { members: joined } = members.parse(await this.call('GET', `${path}/members`));
    if (joined.length !== 1 || joined[0] !== creator) return false;
    // From the end: what is newest decides.
    const { chunk, end } = eventPage.parse(
      await this.call('GET', `${path}/messages?dir=b&limit=${MAX_EVENTS}`),
    );
    const [newest] = chunk;
    const isOld = newest !== undefined && this.now() - newest.origin_server_ts > this.options.oldMs;
    // A room with more than one page of changes was used.
    return (
      isOld &&
      (end === undefined || chunk.length < MAX_EVENTS) &&
      chunk.every((event) => event.state_key !== undefined)
    );
  }
}
