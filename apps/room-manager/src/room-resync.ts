import { Injectable, Logger } from '@nestjs/common';
import {
  type EventId,
  type FhirRef,
  MatrixStateEvent,
  type MessageKind,
  type MessageOf,
  PermanentError,
  type RoomId,
  type WorkStream,
  messages,
} from '@bridge/contracts';
import { type RoomEvent, type RoomState, Rooms, isForbidden } from '@bridge/matrix';
import {
  CareTeamStore,
  ConversationStore,
  HandledEventStore,
  RoomCheckpointStore,
} from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import { ContainerReconciler } from './container-reconciler';
import { LostRooms } from './lost-rooms';
import { ManagerConfig } from './manager-config';
import { RoomAliases } from './room-aliases';

/** Events per request. Half of it is also how far back before the checkpoint events are looked at again. */
const pageSize = 100;
/** After so many pages the rest is left to a further command, so that no other Room waits for this one. */
const pagesAtOnce = 20;

/**
 * What came late is not older than this, in milliseconds. The ledger of what is done with forgets after a month: events
 * that it has forgotten must not be taken for missing.
 */
const lateMs = 7 * 86_400_000;

/** Part of a timeline to be compared with what arrived. */
interface Page {
  /** Up to the checkpoint. */
  readonly older: readonly RoomEvent[];
  readonly newer: readonly RoomEvent[];
  /** From where it goes on; nothing there: it ends here. */
  readonly next: string | undefined;
}

type Cause = MessageOf<'command.resync-room'>['cause'];

/** A conversation or care team, its Room or Space, and why they are compared. */
interface Place {
  readonly roomId: RoomId;
  readonly cause: Cause | undefined;
  readonly current: readonly RoomState[];
  /** It was made in Matrix, and has a past in which it was no matter of ours. */
  readonly adopted: boolean;
  readonly command: { readonly conversation: FhirRef } | { readonly careTeam: FhirRef };
}

/** Finds what happened in a Room and never arrived, and what became of its alias. */
@Injectable()
export class RoomResync {
  private readonly logger = new Logger(RoomResync.name);
  private readonly missing;

  constructor(
    private readonly conversations: ConversationStore,
    private readonly careTeams: CareTeamStore,
    private readonly checkpoints: RoomCheckpointStore,
    private readonly handled: HandledEventStore,
    private readonly containers: ContainerReconciler,
    private readonly aliases: RoomAliases,
    private readonly lost: LostRooms,
    private readonly rooms: Rooms,
    private readonly publisher: QueuePublisher,
    private readonly config: ManagerConfig,
    metrics: Metrics,
  ) {
    this.missing = metrics.counter(
      'bridge_resync_missing_events_total',
      'Events that a comparison with the homeserver found and that had not arrived',
      ['kind'],
    );
  }

  /**
   * Reads the timeline on from the checkpoint, oldest first, and queues what is missing, with the ids under which the
   * homeserver's own transactions queue it: what comes both ways is stored or worked on once. The checkpoint follows
   * page by page, when the queue has stored all of the page. What the homeserver itself was never brought, because it was
   * away, it is made to fetch first.
   *
   * Also looked at again is a little before the checkpoint: what was said on a homeserver that was cut off comes late
   * and has its place among what is older.
   * @param cause `held-back`: the homeserver has all, and is not made to fetch anything
   */
  async resync(roomId: RoomId, cause?: Cause): Promise<void> {
    const [conversation, careTeam] = await Promise.all([
      this.conversations.ofRoom(roomId),
      this.careTeams.ofSpace(roomId),
    ]);
    const isInUse = conversation?.roomId === roomId || careTeam !== undefined;
    if (!isInUse) return;
    const current = await this.containers.look(roomId);
    if (!current) {
      await this.lost.onBotLeft(roomId);
      return;
    }
    const { aliasLocalpart, adopted } = { adopted: false, ...(careTeam ?? conversation!) };
    if (!adopted) await this.aliases.restore(aliasLocalpart, roomId);
    const command = careTeam ? { careTeam: careTeam.careTeam } : { conversation: conversation!.conversation };
    try {
      await this.compare({ roomId, cause, current, adopted, command });
    } catch (error) {
      // Deleted by an administrator while it was read.
      const isLost = isForbidden(error) && (await this.containers.look(roomId)) === undefined;
      if (!isLost) throw error;
      await this.lost.onBotLeft(roomId);
    }
  }

  private async compare(place: Place): Promise<void> {
    const { roomId, cause } = place;
    let checkpoint = await this.checkpoints.find(roomId);
    const isFirst = checkpoint === undefined;
    let page = await this.firstPage(place, checkpoint);
    for (let read = 1; ; read++) {
      // Read ahead, while this page goes to the queue: after an outage every moment counts.
      const ahead = page.next && read < pagesAtOnce ? this.page(roomId, page.next) : undefined;
      ahead?.catch(() => undefined);
      await this.queueMissing(roomId, page, isFirst);
      await this.answerState(place, page.newer);
      const last = page.newer.at(-1)?.event_id;
      if (last) await this.checkpoints.move(roomId, checkpoint, last);
      checkpoint = last ?? checkpoint;
      if (!page.next) return;
      if (!ahead) break;
      page = await ahead;
    }
    const id = `${roomId} ${checkpoint}`;
    await this.publisher.publish('command.resync-room', roomId, { roomId, cause }, { id });
  }

  private async firstPage({ roomId, cause, adopted }: Place, checkpoint: EventId | undefined): Promise<Page> {
    const isWhole = cause === 'held-back';
    const around = checkpoint && (await this.rooms.timelineAround(roomId, checkpoint, pageSize, { isWhole }));
    if (around) {
      const { upTo, after } = around;
      return { older: upTo, newer: after.events, next: after.next };
    }
    // Not compared yet, or the homeserver has deleted that old event.
    const from = adopted ? undefined : await this.rooms.fetchMissing(roomId, undefined, pageSize);
    return this.page(roomId, from);
  }

  private async page(roomId: RoomId, from: string | undefined): Promise<Page> {
    const { events, next } = await this.rooms.timeline(roomId, from, pageSize);
    return { older: [], newer: events, next };
  }

  /**
   * What is said in a Room has a ledger of what is done with.
   * @param isFirst nothing of the Room was compared yet. It may be one that was made in Matrix: what came before it was
   *   a conversation was no matter then, and is now, so that it gets ids of its own in the queue.
   */
  private async queueMissing(roomId: RoomId, { older, newer }: Page, isFirst: boolean): Promise<void> {
    const recent = Date.now() - lateMs;
    const said = [
      ...older
        .flatMap((event) => this.queueable(event, 'MAPPING') ?? [])
        .filter(({ event }) => event.origin_server_ts > recent),
      ...newer.flatMap((event) => this.queueable(event, 'MAPPING') ?? []),
    ];
    const handled = await this.handled.has(said.map(({ event }) => event.event_id));
    const missing = said.filter(({ event }) => !handled.has(event.event_id));
    await this.queue(roomId, missing, (eventId) => (isFirst ? `first ${eventId}` : eventId));
  }

  /**
   * What changed the Room has none, and needs none: what should be is compared with what is. Only a Room that was put
   * into a Space is news to the record, and where Matrix decides who belongs, who came and went.
   */
  private async answerState(
    { roomId, current, command }: Place,
    events: readonly RoomEvent[],
  ): Promise<void> {
    const changes = events.flatMap((event) => this.queueable(event, 'ROOMS') ?? []);
    const isNews = ({ kind, event }: Queueable): boolean =>
      kind === 'matrix.m.space.child' ||
      (kind === 'matrix.m.room.member' &&
        this.config.membershipMaster === 'matrix' &&
        current.some(({ event_id }) => event_id === event.event_id));
    await this.queue(roomId, changes.filter(isNews));
    const last = changes.filter((change) => !isNews(change)).at(-1);
    if (!last) return;
    const id = `resync ${last.event.event_id}`;
    if ('careTeam' in command) {
      await this.publisher.publish('command.reconcile-space', command.careTeam, command, { id });
    } else {
      await this.publisher.publish('command.reconcile-room', command.conversation, command, { id });
    }
  }

  /** In this order; counted is what the queue did not have already, as far as it remembers. */
  private async queue(
    roomId: RoomId,
    events: readonly Queueable[],
    idOf: (eventId: EventId) => string = (eventId) => eventId,
  ): Promise<void> {
    const outcomes = await this.publisher.publishInOrder(
      roomId,
      events.map(({ kind, event }) => ({ kind, data: event, id: idOf(event.event_id) })),
    );
    for (const [index, { kind, event }] of events.entries()) {
      const outcome = outcomes[index]!;
      if (outcome instanceof PermanentError) {
        // Too large, for example. It would be so next time, and hold up all that follows it.
        this.logger.warn(`${event.event_id} of ${roomId} cannot be queued: ${outcome.failureClass}`);
      } else if (!outcome.duplicate && messages[kind].stream === 'MAPPING') this.missing.inc({ kind });
    }
  }

  /** The event as a message of this work queue; undefined where no worker reads it, or it is our own. */
  private queueable(event: RoomEvent, stream: WorkStream): Queueable | undefined {
    const kind = `matrix.${event.type}`;
    if (!isMatrixKind(kind) || messages[kind].stream !== stream || this.config.isOwn(event.sender))
      return undefined;
    const { schema } = messages[kind];
    if ('state_key' in event !== (schema === MatrixStateEvent)) return undefined;
    const parsed = schema.safeParse(event);
    return parsed.success ? { kind, event: parsed.data as MatrixStateEvent } : undefined;
  }
}

/** A kind of message that carries a room event. */
type MatrixKind = Exclude<Extract<MessageKind, `matrix.${string}`>, 'matrix.m.receipt'>;

interface Queueable {
  readonly kind: MatrixKind;
  readonly event: MatrixStateEvent;
}

function isMatrixKind(kind: string): kind is MatrixKind {
  return Object.hasOwn(messages, kind) && kind !== 'matrix.m.receipt';
}
