import { Injectable, Logger } from '@nestjs/common';
import { type FhirRef, type MatrixStateEvent, type RoomId, serverOf } from '@bridge/contracts';
import { powerIn } from '@bridge/mapping';
import { type RoomState, Rooms } from '@bridge/matrix';
import { CareTeamStore, ConversationStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import { ContainerReconciler } from './container-reconciler';
import { isSpace, predecessorOf, replacementOf, stateOf } from './room-succession';

/** What a Space or Room is kept in step with, and where that is now. */
type Place =
  | { readonly kind: 'space'; readonly ref: FhirRef; readonly now: RoomId | null }
  | {
      readonly kind: 'room';
      readonly ref: FhirRef;
      readonly now: RoomId | null;
      readonly careTeam: FhirRef | null;
    };

/**
 * Spaces and Rooms that were replaced by new ones (Matrix specification, "Room upgrades"). Both rooms have to say so:
 * the old one by its tombstone, which takes power there, and the new one by its predecessor.
 */
@Injectable()
export class RoomUpgrades {
  private readonly logger = new Logger(RoomUpgrades.name);

  constructor(
    private readonly conversations: ConversationStore,
    private readonly careTeams: CareTeamStore,
    private readonly containers: ContainerReconciler,
    private readonly rooms: Rooms,
    private readonly publisher: QueuePublisher,
  ) {}

  async handle({ room_id: roomId }: MatrixStateEvent): Promise<void> {
    await this.follow(roomId);
  }

  /**
   * Moves to the room that replaces this one, and has everything brought in order there.
   * @returns the new room; undefined when there is none, or none that the bot can be in yet: an invite brings it there
   */
  async follow(from: RoomId): Promise<RoomId | undefined> {
    const place = await this.placeOf(from);
    const old = place && (await this.containers.look(from));
    const to = old && replacementOf(old);
    if (!to) return undefined;
    if (place.now !== from) {
      // Moved by an earlier try that may not have come to have it brought in order.
      if (place.now !== to) return undefined;
      await this.haveReconciled(place, from, to);
      return to;
    }
    if ((await this.placeOf(to)) || !(await this.isSuccessor(from, old, to))) return undefined;
    if (place.kind === 'space') await this.careTeams.moveSpace(place.ref, from, to);
    else await this.conversations.moveRoom(place.ref, from, to);
    this.logger.log(`The ${place.kind} of ${place.ref} was replaced: ${from} by ${to}`);
    await this.haveReconciled(place, from, to);
    return to;
  }

  /**
   * To be called when the bot has followed an invite.
   * @returns whether the room replaces one of ours. Then it is taken care of, else the bot may leave.
   */
  async onInvite(roomId: RoomId): Promise<boolean> {
    const current = await this.containers.look(roomId);
    const from = current && predecessorOf(current);
    const old = from && (await this.placeOf(from)) && (await this.containers.look(from));
    const maker = current && stateOf(current, 'm.room.create')?.sender;
    if (!old || !maker || !powerIn(old, maker).may('m.room.tombstone')) return false;
    // The old room may not have said so yet, where its tombstone comes over federation: the bot waits here for it.
    await this.follow(from);
    return true;
  }

  private async placeOf(roomId: RoomId): Promise<Place | undefined> {
    const conversation = await this.conversations.ofRoom(roomId);
    if (conversation) {
      const { conversation: ref, roomId: now, careTeam } = conversation;
      return { kind: 'room', ref, now, careTeam };
    }
    const space = (await this.careTeams.ofSpace(roomId)) ?? (await this.careTeams.ofFormerSpace(roomId));
    return space && { kind: 'space', ref: space.careTeam, now: space.spaceId };
  }

  private async isSuccessor(from: RoomId, old: readonly RoomState[], to: RoomId): Promise<boolean> {
    const tombstone = stateOf(old, 'm.room.tombstone');
    if (!tombstone || !(await this.rooms.enter(to, [serverOf(tombstone.sender)]))) {
      this.logger.warn(`${from} was replaced by a room to which the bot has to be invited`);
      return false;
    }
    const current = await this.containers.look(to);
    if (current && predecessorOf(current) === from && isSpace(current) === isSpace(old)) return true;
    this.logger.warn(`${from} says that it was replaced by a room that does not say so: not followed`);
    return false;
  }

  private async haveReconciled(place: Place, from: RoomId, to: RoomId): Promise<void> {
    const careTeam = place.kind === 'space' ? place.ref : place.careTeam;
    const conversations =
      place.kind === 'space' ? await this.conversations.involving(place.ref) : [place.ref];
    const id = `${from} ${to}`;
    if (careTeam) await this.publisher.publish('command.reconcile-space', careTeam, { careTeam }, { id });
    for (const conversation of conversations) {
      await this.publisher.publish(
        'command.reconcile-room',
        conversation,
        { conversation },
        { id: `${conversation} ${id}` },
      );
    }
  }
}
