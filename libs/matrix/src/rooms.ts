import { Injectable } from '@nestjs/common';
import { EventId, MatrixEvent, RoomId, UserId } from '@bridge/contracts';
import { ghostDeviceId } from './ghosts';
import { type Call, Homeserver } from './homeserver';
import { MatrixRefusal, isForbidden } from './matrix-failure';

/** An event of a room as the homeserver tells it to the bot. */
export interface RoomEvent {
  readonly event_id: EventId;
  readonly sender: UserId;
  readonly type: string;
  readonly content: Record<string, unknown>;
  readonly origin_server_ts: number;
}

/** A state event. */
export interface RoomState extends RoomEvent {
  readonly state_key: string;
}

/** Part of a timeline, oldest first, and from where to read on; nothing there: it ends here. */
export interface TimelinePage {
  readonly events: readonly RoomEvent[];
  readonly next: string | undefined;
}

/** The timeline around an event, each part oldest first. */
export interface TimelineAround {
  /** What is before it, and it itself at the end. */
  readonly upTo: readonly RoomEvent[];
  readonly after: TimelinePage;
}

/** The body of `POST /createRoom`, without `invite`: an invite that fails would hide that the room exists. */
export interface RoomCreation {
  readonly room_alias_name: string;
  readonly [key: string]: unknown;
}

export interface Send {
  readonly roomId: RoomId;
  readonly as: UserId;
  readonly transactionId: string;
  /** The event type; not given: `m.room.message`. */
  readonly type?: string;
  readonly content: object;
  /** Milliseconds since 1970, for a message that was said earlier than now. */
  readonly timestamp?: number;
}

export interface Redaction {
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly as: UserId;
  readonly transactionId: string;
}

/** An invite to an unreachable homeserver is given up after this many milliseconds and tried again in the background. */
const inviteTimeoutMs = 20_000;

/** Before it answers who reads back, a homeserver fetches what it lacks from others, and stores it event by event. */
const fetchTimeoutMs = 120_000;

/** The answer of `/messages`. */
interface MessagesPage {
  readonly chunk: RoomEvent[];
  readonly end?: string;
}

/** Spaces and Rooms, acted on as the bot or as a ghost. */
@Injectable()
export class Rooms {
  private roomVersion?: Promise<string>;

  constructor(private readonly homeserver: Homeserver) {}

  /** The room version that the homeserver gives to new rooms: since 12, creators stand above all power levels. */
  async defaultVersion(): Promise<string> {
    this.roomVersion ??= this.homeserver
      .call<{ capabilities: { 'm.room_versions'?: { default: string } } }>({
        operation: 'read its capabilities',
        method: 'GET',
        path: '/_matrix/client/v3/capabilities',
      })
      .then(({ capabilities }) => capabilities['m.room_versions']?.default ?? '1');
    try {
      return await this.roomVersion;
    } catch (error) {
      this.roomVersion = undefined;
      throw error;
    }
  }

  /** @returns the room behind an alias of ours, or undefined when there is none */
  async resolve(alias: string): Promise<RoomId | undefined> {
    const found = await this.find<{ room_id: RoomId }>({
      operation: 'resolve an alias',
      method: 'GET',
      path: aliasPath(alias),
    });
    return found?.room_id;
  }

  /** Gives an alias of ours to a room. */
  async setAlias(alias: string, roomId: RoomId): Promise<void> {
    await this.homeserver.call({
      operation: 'set an alias',
      method: 'PUT',
      path: aliasPath(alias),
      body: { room_id: roomId },
    });
  }

  async removeAlias(alias: string): Promise<void> {
    await this.homeserver.call({ operation: 'remove an alias', method: 'DELETE', path: aliasPath(alias) });
  }

  async create(creation: RoomCreation): Promise<RoomId> {
    const { room_id: roomId } = await this.homeserver.call<{ room_id: RoomId }>({
      operation: 'create a room',
      method: 'POST',
      path: '/_matrix/client/v3/createRoom',
      body: creation,
    });
    return roomId;
  }

  /** The whole current state of a room. */
  async state(roomId: RoomId): Promise<RoomState[]> {
    return this.homeserver.call({
      operation: 'read the state of a room',
      method: 'GET',
      path: `${pathOf(roomId)}/state`,
    });
  }

  async setState(roomId: RoomId, type: string, stateKey: string, content: object): Promise<void> {
    await this.homeserver.call({
      operation: `write ${type}`,
      method: 'PUT',
      path: statePath(roomId, type, stateKey),
      body: content,
    });
  }

  /** As `setState`. @returns false when the bot lacks the power for it */
  async trySetState(roomId: RoomId, type: string, stateKey: string, content: object): Promise<boolean> {
    try {
      await this.setState(roomId, type, stateKey, content);
      return true;
    } catch (error) {
      if (isForbidden(error)) return false;
      throw error;
    }
  }

  /**
   * Invites, as a state event: only so can the invite carry more than a reason.
   * @param context further content, e.g. `nl-ta-chat.invite.context`
   */
  async invite(
    roomId: RoomId,
    userId: UserId,
    context: object = {},
    timeoutMs = inviteTimeoutMs,
  ): Promise<void> {
    await this.homeserver.call({
      operation: 'invite a member',
      method: 'PUT',
      path: statePath(roomId, 'm.room.member', userId),
      body: { membership: 'invite', ...context },
      timeoutMs,
    });
  }

  async kick(roomId: RoomId, userId: UserId): Promise<void> {
    await this.homeserver.call({
      operation: 'remove a member',
      method: 'POST',
      path: `${pathOf(roomId)}/kick`,
      body: { user_id: userId },
    });
  }

  async join(roomId: RoomId, ghost: UserId): Promise<void> {
    await this.homeserver.call({
      operation: 'let a ghost join',
      method: 'POST',
      path: `${pathOf(roomId)}/join`,
      as: ghost,
    });
  }

  /**
   * Lets the bot join a room that is open to it: by invite, or because it is in a Space whose members may join.
   * @param via homeservers that are in the room: since version 12 a room id names none
   * @returns whether it is in the room; false when the room is not open to it
   * @throws TransientError when the homeserver, or all of those, are away
   */
  async enter(roomId: RoomId, via: readonly string[]): Promise<boolean> {
    try {
      await this.homeserver.call({
        operation: 'join a room',
        method: 'POST',
        path: `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`,
        query: { via, server_name: via },
      });
      return true;
    } catch (error) {
      if (error instanceof MatrixRefusal && (error.status === 403 || error.status === 404)) return false;
      throw error;
    }
  }

  /** @param reason what others in the room are shown */
  async leave(roomId: RoomId, as: UserId, reason: string): Promise<void> {
    await this.homeserver.call({
      operation: 'leave a room',
      method: 'POST',
      path: `${pathOf(roomId)}/leave`,
      body: { reason },
      as,
    });
  }

  /**
   * The timeline around an event: up to half of `limit` before it, and at most `limit` in all. What the homeserver lacks
   * from there to the end, it has fetched before.
   *
   * Of `/context` only the place is taken where it begins, and the events from there on by `/messages`: Synapse leaves
   * out of `/context` the events that were said at the same time on different homeservers as the one in the middle
   * (those of the same depth that it got to know before it, and of the depth before it that it got to know after it).
   * @param isWhole the homeserver is known to lack nothing, and has nothing fetched
   * @returns undefined when the homeserver does not have the event (any more)
   */
  async timelineAround(
    roomId: RoomId,
    eventId: EventId,
    limit: number,
    { isWhole = false } = {},
  ): Promise<TimelineAround | undefined> {
    const context = await this.contextOf(roomId, eventId, limit);
    if (!context) return undefined;
    if (!isWhole) await this.fetchMissing(roomId, context.start, limit);
    const { events, next } = await this.timeline(roomId, context.start, limit);
    const index = events.findIndex(({ event_id: id }) => id === eventId);
    // So many were said at the same time that it is on a later page.
    if (index < 0) return { upTo: events, after: { events: [], next } };
    const after = events.slice(index + 1);
    return {
      upTo: events.slice(0, index + 1),
      after: { events: after, next: after.length > 0 ? next : undefined },
    };
  }

  /**
   * As `timelineAround`, of what the homeserver itself has, in one list.
   * @param timeoutMs for each of two requests
   */
  async timelineNear(
    roomId: RoomId,
    eventId: EventId,
    limit: number,
    timeoutMs: number,
  ): Promise<readonly RoomEvent[] | undefined> {
    const context = await this.contextOf(roomId, eventId, limit, timeoutMs);
    if (!context) return undefined;
    return (await this.messages(roomId, 'f', limit, { from: context.start, timeoutMs })).chunk;
  }

  private contextOf(roomId: RoomId, eventId: EventId, limit: number, timeoutMs?: number) {
    return this.find<{ start?: string }>({
      operation: 'read the timeline around an event',
      method: 'GET',
      path: `${pathOf(roomId)}/context/${encodeURIComponent(eventId)}`,
      query: { limit: String(limit) },
      timeoutMs,
    });
  }

  /**
   * Has the homeserver fetch from the others in a room what it lacks of the end of its timeline. After an outage it is
   * brought the newest event by federation and fetches ten before it; the rest it fetches when somebody reads back to
   * the gap, and not when they read forward. It tells nobody of it.
   *
   * Read is until nothing new comes: Synapse fetches a hundred events at a time, counting those that it has, and for a
   * page that is full without them it does so in the background. What another server lacks as well, it does not get.
   * @param backTo a place in the timeline; not given: its beginning
   * @returns the place from which to read on: from the beginning, without a place, Synapse leaves out what it fetched
   */
  async fetchMissing(
    roomId: RoomId,
    backTo: string | undefined,
    pageSize: number,
  ): Promise<string | undefined> {
    let known = 0;
    for (;;) {
      const { count, end } = await this.readBack(roomId, backTo, pageSize);
      if (count <= known) return end;
      known = count;
    }
  }

  /** Reads from the end back to a place. @returns how many events that are, and where it came to */
  private async readBack(
    roomId: RoomId,
    backTo: string | undefined,
    pageSize: number,
  ): Promise<{ count: number; end: string | undefined }> {
    let count = 0;
    let end: string | undefined;
    for (;;) {
      const page = await this.messages(roomId, 'b', pageSize, { from: end, to: backTo });
      count += page.chunk.length;
      end = page.end ?? end;
      if (!page.end || page.chunk.length < pageSize) return { count, end };
    }
  }

  /** @param from a page's `next`; not given: the beginning of the room, as far as this homeserver has it */
  async timeline(roomId: RoomId, from: string | undefined, limit: number): Promise<TimelinePage> {
    const { chunk, end } = await this.messages(roomId, 'f', limit, { from });
    return { events: chunk, next: chunk.length > 0 ? end : undefined };
  }

  /** @returns `join`, `leave`, `invite`, `ban` or `knock`; undefined for somebody who never had to do with the room */
  async membershipOf(roomId: RoomId, userId: UserId): Promise<string | undefined> {
    const content = await this.find<{ membership: string }>({
      operation: 'read a membership',
      method: 'GET',
      path: statePath(roomId, 'm.room.member', userId),
    });
    return content?.membership;
  }

  /** @returns the event as it is now (without content when it was redacted), or undefined when the room has none with this id */
  async event(roomId: RoomId, eventId: EventId): Promise<MatrixEvent | undefined> {
    const event = await this.find<unknown>({
      operation: 'read an event',
      method: 'GET',
      path: `${pathOf(roomId)}/event/${encodeURIComponent(eventId)}`,
    });
    return MatrixEvent.safeParse(event).data;
  }

  /** Sends as a ghost or the bot. The same transaction id gives the same event, also after a restart of the homeserver. */
  async send({
    roomId,
    as,
    transactionId,
    type = 'm.room.message',
    content,
    timestamp,
  }: Send): Promise<EventId> {
    const { event_id: eventId } = await this.homeserver.call<{ event_id: EventId }>({
      operation: 'send a message',
      method: 'PUT',
      path: `${pathOf(roomId)}/send/${encodeURIComponent(type)}/${transactionId}`,
      query: { device_id: ghostDeviceId, ...(timestamp === undefined ? {} : { ts: String(timestamp) }) },
      body: content,
      as,
    });
    return eventId;
  }

  /** Takes an event back. The same transaction id gives the same redaction. */
  async redact({ roomId, eventId, as, transactionId }: Redaction): Promise<void> {
    await this.homeserver.call({
      operation: 'redact an event',
      method: 'PUT',
      path: `${pathOf(roomId)}/redact/${encodeURIComponent(eventId)}/${transactionId}`,
      query: { device_id: ghostDeviceId },
      as,
    });
  }

  private async messages(
    roomId: RoomId,
    direction: 'f' | 'b',
    limit: number,
    { from, to, timeoutMs }: { readonly from?: string; readonly to?: string; readonly timeoutMs?: number },
  ): Promise<MessagesPage> {
    return this.homeserver.call({
      operation: 'read a timeline',
      method: 'GET',
      path: `${pathOf(roomId)}/messages`,
      query: { dir: direction, limit: String(limit), ...(from ? { from } : {}), ...(to ? { to } : {}) },
      timeoutMs: timeoutMs ?? (direction === 'b' ? fetchTimeoutMs : undefined),
    });
  }

  private async find<T>(call: Call): Promise<T | undefined> {
    try {
      return await this.homeserver.call<T>(call);
    } catch (error) {
      if (error instanceof MatrixRefusal && error.status === 404) return undefined;
      throw error;
    }
  }
}

function pathOf(roomId: RoomId): string {
  return `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}`;
}

function aliasPath(alias: string): string {
  return `/_matrix/client/v3/directory/room/${encodeURIComponent(alias)}`;
}

function statePath(roomId: RoomId, type: string, stateKey: string): string {
  return `${pathOf(roomId)}/state/${encodeURIComponent(type)}/${encodeURIComponent(stateKey)}`;
}
