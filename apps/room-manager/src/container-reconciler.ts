import { Injectable, Logger } from '@nestjs/common';
import { FhirRef, RoomId, UserId, strongerRole } from '@bridge/contracts';
import { ContainerMember, StateEvent, changesNeeded, creation } from '@bridge/mapping';
import { MatrixRefusal, RoomState, Rooms } from '@bridge/matrix';
import { Member, Participant, ParticipantStore } from '@bridge/persistence';
import { GhostKeeper } from './ghost-keeper';
import { Inviter } from './inviter';
import { ManagerConfig } from './manager-config';

/** A Space or Room as it should be. */
export interface Container {
  readonly kind: 'space' | 'room';
  readonly ref: FhirRef;
  readonly roomId: RoomId;
  /** Its state, given the room version it has. */
  readonly state: (roomVersion: string) => readonly StateEvent[];
  readonly members: readonly Member[];
  readonly sealedSubject: Uint8Array | null;
}

/** What Spaces and Rooms have in common: being made once, and becoming what they should be. */
@Injectable()
export class ContainerReconciler {
  private readonly logger = new Logger(ContainerReconciler.name);

  constructor(
    private readonly rooms: Rooms,
    private readonly ghosts: GhostKeeper,
    private readonly inviter: Inviter,
    private readonly participants: ParticipantStore,
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
      return await this.rooms.create(creation(kind, aliasLocalpart, version, state(version)));
    } catch (error) {
      const raced = error instanceof MatrixRefusal && error.errcode === 'M_ROOM_IN_USE';
      const made = raced ? await this.rooms.resolve(alias) : undefined;
      if (made) return made;
      throw error;
    }
  }

  /** Changes what differs from what should be: state first, then who leaves, then who comes. */
  async reconcile({ kind, ref, roomId, state, members, sealedSubject }: Container): Promise<void> {
    const byUserId = new Map(members.map((member) => [visibleId(member.participant), member.participant]));
    const current = await this.rooms.state(roomId);
    const changes = changesNeeded(
      {
        state: state(versionOf(current)),
        members: new Set(byUserId.keys()),
        tolerated: new Set([this.config.bot, ...members.map(({ participant }) => participant.ghostUserId)]),
      },
      current,
    );
    for (const { type, stateKey, content } of changes.state)
      await this.rooms.setState(roomId, type, stateKey, content);
    await this.remove(roomId, changes.remove);
    const ghostsToJoin = [...changes.invite, ...changes.invited].filter((userId) =>
      isGhost(byUserId.get(userId), userId),
    );
    for (const userId of ghostsToJoin) await this.ghosts.join(roomId, byUserId.get(userId)!);
    const people = changes.invite.filter((userId) => !ghostsToJoin.includes(userId));
    await Promise.all(
      people.map((userId) =>
        this.inviter.inviteOrQueue({ kind, container: ref, roomId, userId, sealedSubject }),
      ),
    );
  }

  /** Only people whom FHIR knows are removed: whom a member brought in on their own account is not the record's to judge. */
  private async remove(roomId: RoomId, candidates: readonly UserId[]): Promise<void> {
    if (candidates.length === 0) return;
    const known = await this.participants.known(candidates);
    for (const userId of candidates) {
      if (known.has(userId)) await this.rooms.kick(roomId, userId);
      else this.logger.log(`Somebody unknown to the record is in ${roomId}; left alone`);
    }
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

/** The version a room was made with (`m.room.create`; rooms that name none have version 1). */
function versionOf(current: readonly RoomState[]): string {
  const version = current.find(({ type }) => type === 'm.room.create')?.content.room_version;
  return typeof version === 'string' ? version : '1';
}

/** The id under which a person is in Rooms: their account, or their ghost. */
export function visibleId(participant: Participant): UserId {
  return participant.accountUserId ?? participant.ghostUserId;
}

function isGhost(participant: Participant | undefined, userId: UserId): boolean {
  return participant?.ghostUserId === userId;
}
