import { type MatrixEvent, MatrixStateEvent, messages, type MessageKind } from '@bridge/contracts';
import { isNestedDeeperThan } from './nesting';

/** A kind of message that carries a room event. */
export type MatrixKind = Exclude<Extract<MessageKind, `matrix.${string}`>, 'matrix.m.receipt'>;

export type SortedEvent =
  | { readonly outcome: 'queued'; readonly kind: MatrixKind; readonly event: MatrixEvent }
  /** What the bridge itself wrote: already known in FHIR. */
  | { readonly outcome: 'echo' }
  /** No worker reads it. */
  | { readonly outcome: 'unused' }
  /** @param reason names fields, never their values */
  | { readonly outcome: 'malformed'; readonly reason: string };

/**
 * Four times what the Matrix specification allows an event (65,536 bytes), for what the homeserver adds in `unsigned`.
 * Below the 1 MiB that a queue message may have.
 */
const MAX_EVENT_BYTES = 256 * 1024;

/** Far above what clients write, and far below where writing JSON again exhausts the call stack (thousands). */
const MAX_NESTING = 500;

/**
 * Decides what becomes of one event of a transaction.
 * @param isOwn whether a user id is a ghost or the bot of this bridge. Their homeserver vouches for senders: the same
 *   localpart on another server is somebody else.
 */
export function sortEvent(raw: unknown, isOwn: (userId: string) => boolean): SortedEvent {
  if (typeof raw !== 'object' || raw === null) return { outcome: 'malformed', reason: 'not an object' };
  const type: unknown = (raw as { type?: unknown }).type;
  if (typeof type !== 'string') return { outcome: 'malformed', reason: 'type' };
  const kind = `matrix.${type}`;
  if (!isMatrixKind(kind)) return { outcome: 'unused' };
  // A state event with the type of a message is state: no client shows it as something said. And the other way round.
  const { schema } = messages[kind];
  if (Object.hasOwn(raw, 'state_key') !== (schema === MatrixStateEvent)) return { outcome: 'unused' };

  if (isNestedDeeperThan(raw, MAX_NESTING)) return { outcome: 'malformed', reason: 'nested too deeply' };
  if (Buffer.byteLength(JSON.stringify(raw)) > MAX_EVENT_BYTES)
    return { outcome: 'malformed', reason: 'too large' };
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const fields = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
    return { outcome: 'malformed', reason: [...fields].join(', ') };
  }
  if (isOwn(parsed.data.sender)) return { outcome: 'echo' };
  return { outcome: 'queued', kind, event: parsed.data };
}

function isMatrixKind(kind: string): kind is MatrixKind {
  return Object.hasOwn(messages, kind) && kind !== 'matrix.m.receipt';
}
