import { type EventId, type MatrixEvent, messages, PermanentError, type RoomId } from '@bridge/contracts';
import type { Rooms } from '@bridge/matrix';
import type { HandledEventStore } from '@bridge/persistence';
import type { Metrics } from '@bridge/platform';
import type { QueuePublisher } from '@bridge/queue';
import { Logger } from '@nestjs/common';
import type { OwnNamespace } from './own-namespace';
import { sortEvent } from './sort-event';

/** Half of them before the event, half behind it: a homeserver under way holds a few, or as many as came in 60 s. */
const lookedAt = 100;
const lookMs = 5_000;
/** A Room that cannot be read holds up the homeserver no longer than so many repetitions. */
const mostTries = 3;
/** Rooms remembered; one that is forgotten is looked at again. */
const mostRooms = 10_000;
/** What is older may be forgotten by the ledger of what is done with, in milliseconds. */
const recentMs = 7 * 86_400_000;

/**
 * Brings, in its place, what the homeserver never tells of. Synapse holds in its memory what happens while a transaction
 * is under way, and notes at once that it has told of it (`_ServiceQueuer`, `set_appservice_last_pos` of Synapse 1.163).
 * Killed then, it goes on behind that. A comparison finds it minutes later, behind what was said after it; so when the
 * homeserver may have been started anew, which is when it connects anew, the timeline of a Room is looked at before the
 * first event that comes from it is stored.
 */
export class UntoldEvents {
  private readonly logger = new Logger(UntoldEvents.name);
  private readonly found;
  private readonly known = new WeakSet<object>();
  /** Rooms of which nothing can be missing; the one that was looked at longest ago comes first. */
  private readonly seen = new Set<RoomId>();
  private readonly tries = new Map<RoomId, number>();
  /** How often there was reason to look again. */
  private doubts = 0;

  constructor(
    private readonly rooms: Pick<Rooms, 'timelineNear'>,
    private readonly handled: Pick<HandledEventStore, 'has'>,
    private readonly publisher: Pick<QueuePublisher, 'publishInOrder'>,
    private readonly own: Pick<OwnNamespace, 'hasUser' | 'bot'>,
    metrics: Pick<Metrics, 'counter'>,
  ) {
    this.found = metrics.counter(
      'bridge_as_untold_events_total',
      'Events that were in a Room when the homeserver had connected anew, and that it had not told of yet, or never would.',
    );
  }

  /**
   * To be called for each transaction. A connection that says that it ends with its request tells nothing: whoever sends
   * one makes another for each.
   * @param connection the same object for the same connection
   */
  cameOver(connection: object, { isKept }: { readonly isKept: boolean }): void {
    if (this.known.has(connection)) return;
    this.known.add(connection);
    if (isKept) this.doubt();
  }

  /** To be called when a transaction is not waited for any more: its sender may be gone. */
  doubt(): void {
    this.doubts += 1;
    this.seen.clear();
  }

  /**
   * To be called before an event is stored. Resolves when the queue has what is around it in its Room and was not done with,
   * in the order of the Room: the event itself as well, at its place, so that what is behind it does not come before it.
   * @throws TransientError a few times while the homeserver cannot be asked; then the Room is left to its comparison
   * @throws QueueUnavailableError when the queue is full or away
   */
  async bringBefore(event: MatrixEvent): Promise<void> {
    const { room_id: roomId, event_id: eventId } = event;
    if (this.seen.has(roomId) || this.isAsked(event)) return;
    const before = this.doubts;
    const missing = await this.missingAround(roomId, eventId);
    if (missing.length > 0) {
      const stored = await this.publisher.publishInOrder(roomId, missing);
      const found = stored.filter(
        (each, index) => missing[index]!.id !== eventId && 'sequence' in each && !each.duplicate,
      );
      this.found.inc(found.length);
    }
    if (this.doubts === before) this.remember(roomId);
  }

  /**
   * Whether somebody else asks one of ours into a Room, or takes that back. Of an invite from another homeserver ours has
   * nothing but the event: asked what is around it, Synapse 1.163 fails with 500. The Room's next event is looked around.
   */
  private isAsked({ type, state_key: whom, sender }: MatrixEvent): boolean {
    return (
      type === 'm.room.member' &&
      typeof whom === 'string' &&
      this.own.hasUser(whom) &&
      !this.own.hasUser(sender)
    );
  }

  private async missingAround(roomId: RoomId, eventId: EventId) {
    const timeline = await this.look(roomId, eventId);
    const said = timeline.flatMap((raw) => {
      const sorted = sortEvent({ room_id: roomId, ...raw }, this.own);
      const isSaid = sorted.outcome === 'queued' && messages[sorted.kind].stream === 'MAPPING';
      return isSaid ? [sorted] : [];
    });
    const recent = said.filter(({ event }) => event.origin_server_ts > Date.now() - recentMs);
    const done = await this.doneWith(recent.map(({ event }) => event.event_id));
    return recent
      .filter(({ event }) => !done.has(event.event_id))
      .map(({ kind, event }) => ({ kind, data: event, id: event.event_id }));
  }

  private async look(roomId: RoomId, eventId: EventId) {
    try {
      return (await this.rooms.timelineNear(roomId, eventId, lookedAt, lookMs)) ?? [];
    } catch (error) {
      // Nothing of ours: the bot is not in it.
      if (error instanceof PermanentError) return [];
      const tries = (this.tries.get(roomId) ?? 0) + 1;
      this.tries.set(roomId, tries);
      if (tries < mostTries) throw error;
      this.logger.warn({ err: error, msg: 'A Room could not be looked at after the homeserver connected' });
      return [];
    }
  }

  /** Without the ledger all counts as missing: a worker that has it finds what is done with. */
  private async doneWith(eventIds: readonly EventId[]): Promise<ReadonlySet<EventId>> {
    if (eventIds.length === 0) return new Set();
    try {
      return await this.handled.has(eventIds);
    } catch (error) {
      this.logger.warn({ err: error, msg: 'The ledger of events could not be read' });
      return new Set();
    }
  }

  private remember(roomId: RoomId): void {
    this.tries.delete(roomId);
    this.seen.add(roomId);
    if (this.seen.size <= mostRooms) return;
    const [oldest] = this.seen;
    this.seen.delete(oldest!);
  }
}
