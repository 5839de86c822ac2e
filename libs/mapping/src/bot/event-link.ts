import { EventId, RoomId } from '@bridge/contracts';

/** One event, as people name it. */
export interface EventLink {
  readonly eventId: EventId;
  /** Where it is, if the link says so. A link by room alias does not. */
  readonly roomId?: RoomId;
}

/**
 * Reads an event id, or a link to an event as clients copy it: `https://matrix.to/#/!room/$event?via=…`, or
 * `matrix:roomid/room/e/event` (Matrix specification, appendix "URIs").
 */
export function readEventLink(text: string): EventLink | undefined {
  const plain = EventId.safeParse(text).data;
  if (plain) return { eventId: plain };
  const path = /^(?:https?:\/\/matrix\.to\/#\/|matrix:)([^?]*)/.exec(text)?.[1];
  const parts = path?.split('/').map(decoded);
  if (!parts) return undefined;
  const isUri = text.startsWith('matrix:');
  const [room, event] = isUri ? [`!${parts[1]}`, `$${parts[3]}`] : [parts[0], parts[1]];
  if (isUri && (parts[2] !== 'e' || parts.length !== 4)) return undefined;
  const eventId = EventId.safeParse(event).data;
  const roomId = isUri && parts[0] !== 'roomid' ? undefined : RoomId.safeParse(room).data;
  return eventId && { eventId, ...(roomId ? { roomId } : {}) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
