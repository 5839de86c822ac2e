import { type MatrixEvent, MatrixStateEvent, messages, type MessageKind } from '@bridge/contracts';
import { isNestedDeeperThan } from './nesting';
import type { OwnNamespace } from './own-namespace';
import { isStorable } from './storable-id';

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

const ids = ['event_id', 'room_id', 'sender'] as const;

/**
 * Decides what becomes of one event of a transaction.
 * @param own tells a ghost or the bot of this bridge from others. Their homeserver vouches for senders: the same
 *   localpart on another server is somebody else.
 */
export function sortEvent(raw: unknown, own: Pick<OwnNamespace, 'hasUser' | 'bot'>): SortedEvent {
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
  const event = parsed.data;
  const broken = ids.filter((id) => !isStorable(event[id]));
  if (broken.length > 0) return { outcome: 'malformed', reason: broken.join(', ') };
  if (own.hasUser(event.sender) && !removesBot(event, own.bot)) return { outcome: 'echo' };
  return { outcome: 'queued', kind, event };
}

/**
 * Whether the bot is out of a Room with this event. An administrator who deletes a Room through Synapse's admin API
 * makes its local members leave in their own names: what looks like our own doing is news then.
 */
function removesBot({ type, state_key, content }: MatrixEvent, bot: string): boolean {
  const { membership } = content;
  return type === 'm.room.member' && state_key === bot && (membership === 'leave' || membership === 'ban');
}

function isMatrixKind(kind: string): kind is MatrixKind {
  return Object.hasOwn(messages, kind) && kind !== 'matrix.m.receipt';
}
