import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId } from '@bridge/contracts';
import { roomState, spaceChild } from '@bridge/mapping';
import { Rooms } from '@bridge/matrix';
import { CareTeamStore, ConversationStore } from '@bridge/persistence';
import { Container, ContainerReconciler, shown } from './container-reconciler';
import { ManagerConfig } from './manager-config';
import { SpaceReconciler } from './space-reconciler';

/** Conversation → Room. */
@Injectable()
export class RoomReconciler {
  constructor(
    private readonly conversations: ConversationStore,
    private readonly careTeams: CareTeamStore,
    private readonly spaces: SpaceReconciler,
    private readonly containers: ContainerReconciler,
    private readonly rooms: Rooms,
    private readonly config: ManagerConfig,
  ) {}

  /**
   * Makes the Room what Postgres says now, whatever it was.
   * @returns its id; undefined when there is no such conversation
   */
  async reconcile(ref: FhirRef): Promise<RoomId | undefined> {
    const conversation = await this.conversations.find(ref);
    if (!conversation) return undefined;
    const careTeam = conversation.careTeam ? await this.careTeams.find(conversation.careTeam) : undefined;
    const space = careTeam ? await this.spaces.ensure(careTeam) : null;
    const members = await this.conversations.members(conversation);
    const { bot, levels, historyVisibility, serverName } = this.config;
    const { name, open } = conversation;
    const facts = { bot, levels, historyVisibility, serverName, space, name, open, members: shown(members) };
    const state: Container['state'] = (roomVersion) => roomState({ ...facts, roomVersion });
    const roomId =
      conversation.roomId ?? (await this.containers.create('room', conversation.aliasLocalpart, state));
    if (!conversation.roomId) {
      // Noted last: what was made and not noted is found by its alias and linked again.
      if (space) await this.link(space, roomId);
      await this.conversations.setRoom(ref, roomId);
    }
    await this.containers.reconcile({
      kind: 'room',
      ref,
      roomId,
      state,
      members,
      sealedSubject: careTeam?.sealedSubject ?? null,
    });
    return roomId;
  }

  private async link(space: RoomId, roomId: RoomId): Promise<void> {
    const { type, stateKey, content } = spaceChild(roomId, this.config.serverName);
    await this.rooms.setState(space, type, stateKey, content);
  }
}
