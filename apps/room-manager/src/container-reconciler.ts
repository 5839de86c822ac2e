import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId, TransientError, UserId, strongerRole } from '@bridge/contracts';
import {
  ContainerMember,
  Power,
  StateEvent,
  changesNeeded,
  creation,
  powerIn,
  powerOfMaker,
} from '@bridge/mapping';
import { MatrixRefusal, RoomState, Rooms } from '@bridge/matrix';
import { Member } from '@bridge/persistence';
import { ManagerConfig } from './manager-config';
import { MemberReconciler } from './member-reconciler';
import { PowerRequests } from './power-requests';
import { visibleId } from './visible-id';

/** A Space or Room as it should be. */
export interface Container {
  readonly kind: 'space' | 'room';
  readonly ref: FhirRef;
  readonly roomId: RoomId;
  /** Its state as it should be, given what the bot may do there. */
  readonly state: (power: Power) => readonly StateEvent[];
  /** As the homeserver has it now. */
  readonly current: readonly RoomState[];
  readonly members: readonly Member[];
  readonly sealedSubject: Uint8Array | null;
}

/** What Spaces and Rooms have in common: being made once, and becoming what they should be. */
@Injectable()
export class ContainerReconciler {
  constructor(
    private readonly rooms: Rooms,
    private readonly memberReconciler: MemberReconciler,
    private readonly powerRequests: PowerRequests,
    private readonly config: ManagerConfig,
  ) {}

  /**
   * Makes the Space or Room behind a reserved alias, once: an earlier try that did not come to note
   * the room's id is found by its alias.
   */
  async create(kind: Container['kind'], aliasLocalpart: string, state: Container['state']): Promise<RoomId> {
    const alias = this.config.alias(aliasLocalpart);
    const existing = await this.rooms.resolve(alias);
    if (existing) return existing;
    try {
      const version = await this.rooms.defaultVersion();
      const { bot, federate } = this.config;
      const wanted = state(powerOfMaker(bot, version));
      return await this.rooms.create(
        creation({ kind, aliasLocalpart, roomVersion: version, federate, state: wanted }),
      );
    } catch (error) {
      // Synapse refuses an alias that is taken at first, and one that is taken while it makes the room with 409.
      const raced =
        error instanceof MatrixRefusal && (error.errcode === 'M_ROOM_IN_USE' || error.status === 409);
      const made = raced ? await this.rooms.resolve(alias) : undefined;
      if (made) return made;
      throw error;
    }
  }

  /**
   * The state of a Space or Room.
   * @returns undefined when the bot is not in it: it was deleted, or the bot was removed
   */
  async look(roomId: RoomId): Promise<readonly RoomState[] | undefined> {
    try {
      const current = await this.rooms.state(roomId);
      // Who has left is still shown the state as it was then.
      const self = current.find(
        ({ type, state_key }) => type === 'm.room.member' && state_key === this.config.bot,
      );
      return self?.content.membership === 'join' ? current : undefined;
    } catch (error) {
      if (error instanceof MatrixRefusal && (error.status === 403 || error.status === 404)) return undefined;
      throw error;
    }
  }

  /** The state of one that was made or found just now. */
  async lookAtNew(roomId: RoomId): Promise<readonly RoomState[]> {
    const current = await this.look(roomId);
    if (current) return current;
    throw new TransientError('room-unreadable', 'A Space or Room just made cannot be read', {
      advice: 'Passes by itself: the next try finds out whether it was deleted, and makes another.',
    });
  }

  /**
   * Changes what differs from what should be: state first, then who leaves, then who comes. Where the bot lacks power,
   * what it may do is done, and it asks for more.
   */
  async reconcile(container: Container): Promise<void> {
    const { kind, ref, roomId, state, members, sealedSubject, current } = container;
    const power = powerIn(current, this.config.bot);
    const changes = changesNeeded(
      {
        state: state(power),
        members: new Set(members.map(({ participant }) => visibleId(participant))),
        tolerated: new Set([this.config.bot]),
      },
      current,
    );
    let isPowerMissing = !(await this.writeState(roomId, changes.state, power));
    // Ghosts need no power to leave.
    const toRemove = power.mayKick ? changes.remove : changes.remove.filter(this.config.isOwn);
    await this.memberReconciler.remove(roomId, toRemove);
    const invite = power.mayInvite ? changes.invite : [];
    const { invited, putOut } = changes;
    const place = { kind, container: ref, roomId, members, sealedSubject };
    await this.memberReconciler.bringIn(place, { invite, putOut, invited });
    isPowerMissing ||= toRemove.length < changes.remove.length || invite.length < changes.invite.length;
    if (isPowerMissing) await this.powerRequests.ask(roomId, current);
  }

  /** @returns whether all of it could be written */
  private async writeState(roomId: RoomId, state: readonly StateEvent[], power: Power): Promise<boolean> {
    let isComplete = true;
    for (const { type, stateKey, content } of state) {
      const isWritten = power.may(type) && (await this.rooms.trySetState(roomId, type, stateKey, content));
      isComplete &&= isWritten;
    }
    return isComplete;
  }
}

/**
 * Members as the state of a Space or Room shows them: each Matrix id once, though one human can be several
 * RelatedPersons with the same account. The strongest role counts.
 */
export function shown(members: readonly Member[]): ContainerMember[] {
  const byUserId = new Map<UserId, ContainerMember>();
  for (const { participant, role } of members) {
    const userId = visibleId(participant);
    const other = byUserId.get(userId);
    byUserId.set(userId, {
      userId,
      role: strongerRole(role, other?.role ?? role),
      mapping: other?.mapping ?? participant.mapping,
    });
  }
  return [...byUserId.values()];
}
