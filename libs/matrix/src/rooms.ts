import { Injectable } from '@nestjs/common';
import { EventId, MatrixEvent, RoomId, UserId } from '@bridge/contracts';
import { ghostDeviceId } from './ghosts';
import { type Call, Homeserver } from './homeserver';
import { MatrixRefusal } from './matrix-failure';

/** A state event, as far as it matters here. */
export interface RoomState {
  readonly type: string;
  readonly state_key: string;
  readonly content: Record<string, unknown>;
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
      path: `/_matrix/client/v3/directory/room/${encodeURIComponent(alias)}`,
    });
    return found?.room_id;
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

  /**
   * Invites, as a state event: only so can the invite carry more than a reason.
   * @param context further content, e.g. `nl-ta-chat.invite.context`
   */
  async invite(roomId: RoomId, userId: UserId, context: object = {}): Promise<void> {
    await this.homeserver.call({
      operation: 'invite a member',
      method: 'PUT',
      path: statePath(roomId, 'm.room.member', userId),
      body: { membership: 'invite', ...context },
      timeoutMs: inviteTimeoutMs,
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

function statePath(roomId: RoomId, type: string, stateKey: string): string {
  return `${pathOf(roomId)}/state/${encodeURIComponent(type)}/${encodeURIComponent(stateKey)}`;
}
