import { type MessageOf, ReadReceipt } from '@bridge/contracts';
import { z } from 'zod';
import { isStorable } from './storable-id';

export type Receipt = MessageOf<'matrix.m.receipt'>;

/**
 * More than any homeserver reports at once (Synapse: 100 ephemeral events). A flood would hold up the events of the
 * next transactions, and a receipt that is dropped costs nothing but one "read" in the record.
 */
const MAX_RECEIPTS = 1_000;
/** In one Room at the same moment: what follows in that Room waits for all of them. */
const MAX_RECEIPTS_OF_A_ROOM = 100;

const Item = z.looseObject({ type: z.string() });
/** Matrix specification, "m.receipt": event id → kind → user id → `{ts}`. */
const ReceiptContent = z.looseObject({
  content: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))),
});

export interface SortedEphemeral {
  /** At most one of each (Room, event, user). */
  readonly receipts: readonly Receipt[];
  /** Everything else, by a bounded set of names fit for a metric's label. */
  readonly ignored: ReadonlyMap<string, number>;
}

/**
 * Finds who has read what among the ephemeral events of a transaction. Receipts in threads count like all others;
 * private ones (`m.read.private`) are nobody's business, and those of the bridge's own users are its own work.
 * Nothing here is an error: what is malformed is counted.
 */
export function sortEphemeral(
  items: readonly unknown[],
  isOwn: (userId: string) => boolean,
): SortedEphemeral {
  const receipts = new Map<string, Receipt>();
  const ofRoom = new Map<string, number>();
  const ignored = new Map<string, number>();
  const ignore = (part: string): void => void ignored.set(part, (ignored.get(part) ?? 0) + 1);
  const take = (read: Receipt): boolean => {
    const id = receiptId(read);
    const inRoom = ofRoom.get(read.roomId) ?? 0;
    if (receipts.has(id)) return true;
    if (receipts.size >= MAX_RECEIPTS || inRoom >= MAX_RECEIPTS_OF_A_ROOM) return false;
    receipts.set(id, read);
    ofRoom.set(read.roomId, inRoom + 1);
    return true;
  };
  for (const raw of items) {
    const item = Item.safeParse(raw);
    if (!item.success) ignore('malformed');
    else if (item.data.type === 'm.typing') ignore('typing');
    else if (item.data.type === 'm.presence') ignore('presence');
    else if (item.data.type !== 'm.receipt') ignore('ephemeral');
    else {
      for (const read of readingsIn(item.data)) {
        if (read === undefined) ignore('malformed');
        else if (read === 'not-public') ignore('receipt');
        else if (isOwn(read.userId)) ignore('own_receipt');
        else if (!take(read)) ignore('receipt_flood');
      }
    }
  }
  return { receipts: [...receipts.values()], ignored };
}

/** Names a receipt: the same reading, reported again. No id holds a blank. */
export function receiptId({ roomId, eventId, userId }: Receipt): string {
  return `${roomId} ${eventId} ${userId}`;
}

function* readingsIn(item: Record<string, unknown>): Generator<Receipt | 'not-public' | undefined> {
  const parsed = ReceiptContent.safeParse(item);
  if (!parsed.success) {
    yield undefined;
    return;
  }
  for (const [eventId, kinds] of Object.entries(parsed.data.content)) {
    for (const [kind, readers] of Object.entries(kinds)) {
      if (kind !== 'm.read') yield 'not-public';
      else
        for (const [userId, receipt] of Object.entries(readers))
          yield reading(item, eventId, userId, receipt);
    }
  }
}

function reading(
  { room_id: roomId }: Record<string, unknown>,
  eventId: string,
  userId: string,
  receipt: unknown,
): Receipt | undefined {
  const readAt = typeof receipt === 'object' && receipt !== null && (receipt as { ts?: unknown }).ts;
  const parsed = ReadReceipt.safeParse({ roomId, eventId, userId, readAt });
  return parsed.success && isStorable(receiptId(parsed.data)) ? parsed.data : undefined;
}
