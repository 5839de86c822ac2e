import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId } from '@bridge/contracts';
import { spaceState } from '@bridge/mapping';
import { CareTeamSpace, CareTeamStore, ConversationStore, RoomsOfConversation } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import { Container, ContainerReconciler, shown } from './container-reconciler';
import { LostRooms } from './lost-rooms';
import { ManagerConfig } from './manager-config';
import { replacementOf } from './room-succession';
import { RoomUpgrades } from './room-upgrades';

/** CareTeam → Space. */
@Injectable()
export class SpaceReconciler {
  constructor(
    private readonly careTeams: CareTeamStore,
    private readonly conversations: ConversationStore,
    private readonly containers: ContainerReconciler,
    private readonly lost: LostRooms,
    private readonly upgrades: RoomUpgrades,
    private readonly publisher: QueuePublisher,
    private readonly config: ManagerConfig,
  ) {}

  /** Makes the Space what Postgres says now, whatever it was. A team without a Space of its own gets none. */
  async reconcile(ref: FhirRef): Promise<void> {
    const careTeam = await this.careTeams.find(ref);
    if (!careTeam) return;
    const { members, sealedSubject, spaceId } = careTeam;
    const found = spaceId ? await this.containers.look(spaceId) : undefined;
    if (spaceId && !found) {
      await this.lost.closeSpace(ref, spaceId);
      return this.reconcile(ref);
    }
    // The new one was queued to be brought in order.
    if (spaceId && found && replacementOf(found) && (await this.upgrades.follow(spaceId))) return;
    const roomId = spaceId ?? (await this.ensure(careTeam));
    if (!roomId) return;
    await this.containers.reconcile({
      kind: 'space',
      ref,
      roomId,
      current: found ?? (await this.containers.lookAtNew(roomId)),
      state: this.stateOf(careTeam, await this.conversations.roomsIn(ref)),
      members,
      sealedSubject,
    });
  }

  /**
   * The Space of a care team, made empty when there is none yet: who belongs in it comes with `reconcile`.
   * @returns null where the team has none
   */
  async ensure(careTeam: CareTeamSpace): Promise<RoomId | null> {
    const { careTeam: ref, spaceId, ownSpace, formerSpaceIds, aliasLocalpart } = careTeam;
    if (spaceId || !ownSpace) return spaceId;
    const made = await this.containers.create('space', aliasLocalpart, this.stateOf(careTeam, []));
    // Before it is noted: what dies in between does both again.
    if (formerSpaceIds.length > 0) await this.haveFilled(ref, made);
    await this.careTeams.setSpace(ref, made);
    return made;
  }

  /** A Space that takes the place of a lost one gets its members and Rooms. */
  private async haveFilled(careTeam: FhirRef, spaceId: RoomId): Promise<void> {
    await this.publisher.publish('command.reconcile-space', careTeam, { careTeam }, { id: spaceId });
    for (const conversation of await this.conversations.involving(careTeam)) {
      const id = `${conversation} ${spaceId}`;
      await this.publisher.publish('command.reconcile-room', conversation, { conversation }, { id });
    }
  }

  private stateOf(
    { members, aliasLocalpart }: CareTeamSpace,
    conversations: readonly RoomsOfConversation[],
  ): Container['state'] {
    const { bot, levels, organisation, serverName, language } = this.config;
    const facts = { bot, levels, organisation, serverName, language };
    return (power) =>
      spaceState({ ...facts, power, channel: aliasLocalpart, conversations, members: shown(members) });
  }
}
