import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { HttpRefusal } from './http-refusal';
import type { RegisteredUser } from './register-user';
import { until } from './until';

/** Otherwise a busy moment shows ten events of a room, and nobody here goes back for the ones before them. */
const filter = JSON.stringify({ room: { timeline: { limit: 1_000 } } });

/** An event as a client sees it, and when it did. */
export interface SeenEvent {
  readonly event_id: string;
  readonly room_id: string;
  readonly type: string;
  readonly sender: string;
  readonly state_key?: string;
  readonly origin_server_ts: number;
  readonly content: Record<string, unknown>;
  /** performance.now() of this process */
  readonly seenAt: number;
}

/** An invite as the invited person's client sees it. */
export interface SeenInvite {
  readonly roomId: string;
  readonly state: readonly {
    type: string;
    state_key: string;
    sender: string;
    content: Record<string, unknown>;
  }[];
}

/** Somebody's place in a room, as the client shows it. */
export interface SeenReceipt {
  readonly roomId: string;
  readonly eventId: string;
  readonly userId: string;
}

type ReceiptContent = Record<string, Record<string, { ts: number }>>;

interface SyncAnswer {
  next_batch: string;
  rooms?: {
    join?: Record<
      string,
      {
        timeline: { events: Omit<SeenEvent, 'room_id' | 'seenAt'>[] };
        state: { events: Omit<SeenEvent, 'room_id' | 'seenAt'>[] };
        ephemeral?: { events: { type: string; content: Record<string, ReceiptContent> }[] };
      }
    >;
    invite?: Record<string, { invite_state: { events: SeenInvite['state'][number][] } }>;
    leave?: Record<string, unknown>;
  };
}

const waitMs = 60_000;
const syncAgainMs = 200;

/** A person with a Matrix client: syncing, joining, talking; for the demo and the tests. */
export class MatrixUser {
  readonly events: SeenEvent[] = [];
  readonly receipts: SeenReceipt[] = [];
  readonly invites = new Map<string, SeenInvite>();
  readonly left = new Set<string>();
  private readonly news = new EventEmitter().setMaxListeners(0);
  private readonly stopped = new AbortController();
  private syncing?: Promise<void>;

  constructor(
    readonly clientUrl: string,
    readonly account: RegisteredUser,
  ) {}

  get userId(): string {
    return this.account.userId;
  }

  /** Begins to sync; resolves after the first answer, from which on nothing is missed. */
  async start(): Promise<void> {
    const since = await this.sync(undefined);
    this.syncing = this.syncOn(since);
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.syncing;
  }

  /**
   * Makes a private room; nobody else is in it yet.
   * @param more further content of the request, e.g. `{ is_direct: true }`
   */
  async createRoom(invite: readonly string[], more: object = {}): Promise<string> {
    const { room_id: roomId } = await this.call<{ room_id: string }>('POST', '/createRoom', {
      preset: 'private_chat',
      invite,
      ...more,
    });
    return roomId;
  }

  async join(roomId: string): Promise<void> {
    await this.call('POST', `/rooms/${encodeURIComponent(roomId)}/join`, {});
    this.invites.delete(roomId);
  }

  /** @returns the event id, and when the request was made */
  async say(roomId: string, body: string, more: object = {}): Promise<{ eventId: string; saidAt: number }> {
    const saidAt = performance.now();
    const eventId = await this.send(roomId, 'm.room.message', { msgtype: 'm.text', body, ...more });
    return { eventId, saidAt };
  }

  /**
   * Sends an event of any type.
   * @param transactionId the same one again is the same event
   */
  async send(
    roomId: string,
    type: string,
    content: object,
    transactionId: string = randomUUID(),
  ): Promise<string> {
    const path = `/rooms/${encodeURIComponent(roomId)}/send/${encodeURIComponent(type)}/${transactionId}`;
    const { event_id: eventId } = await this.call<{ event_id: string }>('PUT', path, content);
    return eventId;
  }

  async invite(roomId: string, userId: string): Promise<void> {
    await this.call('POST', `/rooms/${encodeURIComponent(roomId)}/invite`, { user_id: userId });
  }

  async setState(roomId: string, type: string, content: object): Promise<void> {
    await this.call(
      'PUT',
      `/rooms/${encodeURIComponent(roomId)}/state/${encodeURIComponent(type)}/`,
      content,
    );
  }

  /** Leaves a room, or declines an invite: that one is none any more, the next one is another. */
  async leave(roomId: string): Promise<void> {
    this.invites.delete(roomId);
    await this.call('POST', `/rooms/${encodeURIComponent(roomId)}/leave`, {});
  }

  async typing(roomId: string): Promise<void> {
    const path = `/rooms/${encodeURIComponent(roomId)}/typing/${encodeURIComponent(this.userId)}`;
    await this.call('PUT', path, { typing: true, timeout: 30_000 });
  }

  async kick(roomId: string, userId: string): Promise<void> {
    await this.call('POST', `/rooms/${encodeURIComponent(roomId)}/kick`, { user_id: userId });
  }

  /** Puts a file into the media repository of this person's homeserver. @returns its `mxc://` */
  async upload(bytes: Uint8Array, contentType: string): Promise<string> {
    const response = await fetch(`${this.clientUrl}/_matrix/media/v3/upload`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.account.accessToken}`, 'content-type': contentType },
      body: Buffer.from(bytes),
      signal: this.stopped.signal,
    });
    if (!response.ok) throw new Error(`upload: ${response.status}`);
    return ((await response.json()) as { content_uri: string }).content_uri;
  }

  /** Reads a file, of whichever homeserver, by the authenticated API. */
  async download(mxc: string): Promise<{ bytes: Buffer; contentType: string }> {
    const path = mxc.replace('mxc://', '');
    const response = await fetch(`${this.clientUrl}/_matrix/client/v1/media/download/${path}`, {
      headers: { authorization: `Bearer ${this.account.accessToken}` },
      signal: this.stopped.signal,
    });
    if (!response.ok) throw new Error(`download: ${response.status}`);
    const contentType = response.headers.get('content-type') ?? '';
    return { bytes: Buffer.from(await response.arrayBuffer()), contentType };
  }

  async redact(roomId: string, eventId: string, reason: string): Promise<void> {
    const path = `/rooms/${encodeURIComponent(roomId)}/redact/${encodeURIComponent(eventId)}/${randomUUID()}`;
    await this.call('PUT', path, { reason });
  }

  /** Has read up to this event. */
  async markRead(roomId: string, eventId: string): Promise<void> {
    const path = `/rooms/${encodeURIComponent(roomId)}/receipt/m.read/${encodeURIComponent(eventId)}`;
    await this.call('POST', path, {});
  }

  async state(roomId: string): Promise<Omit<SeenEvent, 'seenAt'>[]> {
    return this.call('GET', `/rooms/${encodeURIComponent(roomId)}/state`);
  }

  /** The whole timeline, oldest first: the homeserver fetches what it lacks of it from others. */
  async history(roomId: string): Promise<Omit<SeenEvent, 'seenAt'>[]> {
    return (await this.timeline(roomId, 'b')).reverse();
  }

  /** The timeline as far as the homeserver has it already, oldest first: it fetches nothing for who reads forward. */
  async stored(roomId: string): Promise<Omit<SeenEvent, 'seenAt'>[]> {
    return this.timeline(roomId, 'f');
  }

  private async timeline(roomId: string, dir: 'b' | 'f'): Promise<Omit<SeenEvent, 'seenAt'>[]> {
    const events: Omit<SeenEvent, 'seenAt'>[] = [];
    let from: string | undefined;
    do {
      const query: string = new URLSearchParams({ dir, limit: '500', ...(from ? { from } : {}) }).toString();
      const page = await this.call<{ chunk: SeenEvent[]; end?: string }>(
        'GET',
        `/rooms/${encodeURIComponent(roomId)}/messages?${query}`,
      );
      events.push(...page.chunk);
      from = dir === 'b' || page.chunk.length > 0 ? page.end : undefined;
    } while (from);
    return events;
  }

  /** @throws when nothing of the kind is seen within a minute */
  async waitFor<T>(what: string, find: () => T | undefined | false): Promise<T> {
    const deadline = AbortSignal.timeout(waitMs);
    for (;;) {
      const found = find();
      if (found) return found;
      await new Promise<void>((resolve, reject) => {
        const late = (): void =>
          reject(new Error(`${this.userId} did not see ${what} within ${waitMs / 1000} s`));
        if (deadline.aborted) return late();
        deadline.addEventListener('abort', late, { once: true });
        this.news.once('news', () => {
          deadline.removeEventListener('abort', late);
          resolve();
        });
      });
    }
  }

  async waitForMessage(roomId: string, body: string): Promise<SeenEvent> {
    return this.waitFor(`“${body}”`, () =>
      this.events.find(
        (event) => event.room_id === roomId && event.type === 'm.room.message' && event.content.body === body,
      ),
    );
  }

  async waitForInvite(roomId: string): Promise<SeenInvite> {
    return this.waitFor(`an invite to ${roomId}`, () => this.invites.get(roomId));
  }

  /**
   * Waits for the invite and joins. The homeserver of the invited knows of an invite a moment before the inviting one
   * has stored it, and is refused in between: no person is so fast, a program is.
   */
  async accept(roomId: string): Promise<void> {
    await this.waitForInvite(roomId);
    await until(`${roomId} to be open`, () =>
      this.join(roomId).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof HttpRefusal && error.status === 403)) throw error;
          return false;
        },
      ),
    );
  }

  /** Waits until this person's homeserver knows that somebody is in a room. */
  async waitForMember(roomId: string, userId: string): Promise<void> {
    const isAbout = (event: SeenEvent): boolean =>
      event.room_id === roomId && event.type === 'm.room.member' && event.state_key === userId;
    await this.waitFor(
      `${userId} in ${roomId}`,
      () => this.events.findLast(isAbout)?.content.membership === 'join',
    );
  }

  private async syncOn(from: string): Promise<void> {
    let since = from;
    while (!this.stopped.signal.aborted) {
      try {
        since = await this.sync(since);
      } catch {
        // Like any client: the homeserver may be restarting, and the next sync goes on where this one was.
        await setTimeout(syncAgainMs, undefined, { signal: this.stopped.signal }).catch(() => undefined);
      }
    }
  }

  private async sync(since: string | undefined): Promise<string> {
    const query = new URLSearchParams({
      filter,
      ...(since ? { since, timeout: '30000' } : { timeout: '0' }),
    });
    const { next_batch: next, rooms } = await this.call<SyncAnswer>('GET', `/sync?${query.toString()}`);
    const seenAt = performance.now();
    for (const [roomId, { state, timeline, ephemeral }] of Object.entries(rooms?.join ?? {})) {
      this.left.delete(roomId);
      // The sync that was under way when the invite was taken may have shown it once more.
      this.invites.delete(roomId);
      for (const event of [...state.events, ...timeline.events])
        this.events.push({ ...event, room_id: roomId, seenAt });
      for (const { type, content } of ephemeral?.events ?? []) {
        if (type === 'm.receipt') this.receipts.push(...receiptsIn(roomId, content));
      }
    }
    for (const [roomId, { invite_state }] of Object.entries(rooms?.invite ?? {})) {
      this.left.delete(roomId);
      this.invites.set(roomId, { roomId, state: invite_state.events });
    }
    for (const roomId of Object.keys(rooms?.leave ?? {})) {
      this.left.add(roomId);
      this.invites.delete(roomId);
    }
    this.news.emit('news');
    return next;
  }

  private async call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.clientUrl}/_matrix/client/v3${path}`, {
      method,
      headers: { authorization: `Bearer ${this.account.accessToken}`, 'content-type': 'application/json' },
      body: body ? JSON.stringify(body) : undefined,
      signal: this.stopped.signal,
    });
    const answer = (await response.json()) as T & { errcode?: string; error?: string };
    if (!response.ok)
      throw new HttpRefusal(
        `${method} ${path.split('?')[0]}: ${response.status} ${answer.errcode} ${answer.error}`,
        response.status,
      );
    return answer;
  }
}

function receiptsIn(roomId: string, content: Record<string, ReceiptContent>): SeenReceipt[] {
  return Object.entries(content).flatMap(([eventId, kinds]) =>
    Object.keys(kinds['m.read'] ?? {}).map((userId) => ({ roomId, eventId, userId })),
  );
}

/**
 * Waits until each of them, all of whom have joined, knows of the others. What somebody says before their homeserver
 * has heard of another's invite is never shown to the other, in a room that its members alone may read.
 */
export async function meet(roomId: string, people: readonly MatrixUser[]): Promise<void> {
  for (const person of people) {
    for (const { userId } of people) await person.waitForMember(roomId, userId);
  }
}
