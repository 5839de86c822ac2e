import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId, TransientError } from '@bridge/contracts';
import { roomState, spaceChild } from '@bridge/mapping';
import { Rooms } from '@bridge/matrix';
import { CareTeamStore, Conversation, ConversationStore, Member } from '@bridge/persistence';
import { Container, ContainerReconciler, shown } from './container-reconciler';
import { LostRooms } from './lost-rooms';
import { ManagerConfig } from './manager-config';
import { replacementOf } from './room-succession';
import { RoomUpgrades } from './room-upgrades';
import { SpaceReconciler } from './space-reconciler';

/** Conversation → Room. */
@Injectable()
export class RoomReconciler {
  constructor(
    private readonly conversations: ConversationStore,
    private readonly careTeams: CareTeamStore,
    private readonly spaces: SpaceReconciler,
    private readonly containers: ContainerReconciler,
    private readonly lost: LostRooms,
    private readonly upgrades: RoomUpgrades,
    private readonly rooms: Rooms,
    private readonly config: ManagerConfig,
  ) {}

  /**
   * Makes the Room what Postgres says now, whatever it was. One that is gone is made again.
   * @returns its id; undefined when there is no such conversation
   */
  async reconcile(ref: FhirRef): Promise<RoomId | undefined> {
    const conversation = await this.conversations.find(ref);
    if (!conversation) return undefined;
    const { roomId: known } = conversation;
    const found = known ? await this.containers.look(known) : undefined;
    if (known && !found) {
      await this.lost.closeRoom(ref, known);
      return this.reconcile(ref);
    }
    const successor = known && found && replacementOf(found) && (await this.upgrades.follow(known));
    // It was queued to be brought in order.
    if (successor) return successor;

    const careTeam = conversation.careTeam ? await this.careTeams.find(conversation.careTeam) : undefined;
    const space = careTeam ? await this.spaces.ensure(careTeam) : null;
    const members = await this.conversations.members(conversation);
    const state = this.stateOf(conversation, members, space, careTeam?.formerSpaceIds ?? []);
    const roomId = known ?? (await this.make(conversation, state, space));
    await this.containers.reconcile({
      kind: 'room',
      ref,
      roomId,
      current: found ?? (await this.containers.lookAtNew(roomId)),
      state,
      members,
      sealedSubject: careTeam?.sealedSubject ?? null,
    });
    return roomId;
  }

  private stateOf(
    { name, open, adopted, aliasLocalpart }: Conversation,
    members: readonly Member[],
    space: RoomId | null,
    formerSpaces: readonly RoomId[],
  ): Container['state'] {
    const { bot, levels, historyVisibility, serverName, organisation, retentionDays } = this.config;
    const facts = { bot, levels, historyVisibility, serverName, organisation, retentionDays };
    return (power) =>
      roomState({
        ...facts,
        power,
        channel: aliasLocalpart,
        name: adopted ? null : name,
        open,
        space,
        formerSpaces,
        members: shown(members),
      });
  }

  private async make(
    { conversation, aliasLocalpart }: Conversation,
    state: Container['state'],
    space: RoomId | null,
  ): Promise<RoomId> {
    const roomId = await this.containers.create('room', aliasLocalpart, state);
    // Noted last: what was made and not noted is found by its alias and linked again.
    if (space) await this.link(space, roomId);
    await this.conversations.setRoom(conversation, roomId);
    return roomId;
  }

  /** @throws TransientError where the Space turns out to be gone: the next try makes another */
  private async link(space: RoomId, roomId: RoomId): Promise<void> {
    const { type, stateKey, content } = spaceChild(roomId, this.config.serverName);
    if (await this.rooms.trySetState(space, type, stateKey, content)) return;
    if (!(await this.lost.onBotLeft(space))) return; // It lacks the power: asked for when the Space is reconciled.
    throw new TransientError('space-gone', 'The Space of a new Room was deleted', {
      advice: 'Passes by itself: another Space is made.',
    });
  }
}
