import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId } from '@bridge/contracts';
import { spaceState } from '@bridge/mapping';
import { CareTeamSpace, CareTeamStore } from '@bridge/persistence';
import { Container, ContainerReconciler, shown } from './container-reconciler';
import { ManagerConfig } from './manager-config';

/** CareTeam → Space. */
@Injectable()
export class SpaceReconciler {
  constructor(
    private readonly careTeams: CareTeamStore,
    private readonly containers: ContainerReconciler,
    private readonly config: ManagerConfig,
  ) {}

  /** Makes the Space what Postgres says now, whatever it was. */
  async reconcile(ref: FhirRef): Promise<void> {
    const careTeam = await this.careTeams.find(ref);
    if (!careTeam) return;
    const roomId = await this.ensure(careTeam);
    const { members, sealedSubject } = careTeam;
    await this.containers.reconcile({
      kind: 'space',
      ref,
      roomId,
      state: this.stateOf(careTeam),
      members,
      sealedSubject,
    });
  }

  /** The Space of a care team, made empty when there is none yet: who belongs in it comes with `reconcile`. */
  async ensure(careTeam: CareTeamSpace): Promise<RoomId> {
    if (careTeam.spaceId) return careTeam.spaceId;
    const spaceId = await this.containers.create('space', careTeam.aliasLocalpart, this.stateOf(careTeam));
    await this.careTeams.setSpace(careTeam.careTeam, spaceId);
    return spaceId;
  }

  private stateOf({ members }: CareTeamSpace): Container['state'] {
    const { bot, levels, organisation } = this.config;
    return (roomVersion) => spaceState({ bot, levels, organisation, members: shown(members), roomVersion });
  }
}
