import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';
import { Members, isForbidden } from '@bridge/matrix';
import { ContainerPlaces } from './container-places';
import { Inviter } from './inviter';
import { ManagerConfig } from './manager-config';
import { visibleId } from './visible-id';

/** Invites that could not, or were not to be, made at once. */
@Injectable()
export class LateInvites {
  constructor(
    private readonly places: ContainerPlaces,
    private readonly inviter: Inviter,
    private readonly members: Members,
    private readonly config: ManagerConfig,
  ) {}

  /**
   * Invites the person if they still belong and are not there yet.
   * @throws TransientError while their homeserver is away: the queue tries again
   * @throws MatrixRefusal when it will not have the invite: for the dead letters
   */
  async invite({ kind, container, userId, reason, notBefore }: MessageOf<'command.invite'>): Promise<void> {
    if (notBefore) await setTimeout(Math.max(0, Date.parse(notBefore) - Date.now()));
    const place = await this.places.find(kind, container);
    if (!place?.members.some(({ participant }) => visibleId(participant) === userId)) return;
    const current = await this.members.current(place.roomId, userId);
    const { membership } = current?.content ?? {};
    if (membership === 'join' || membership === 'invite') return;
    try {
      await this.inviter.invite({ ...place, userId, reason });
    } catch (error) {
      // A room that was deleted has nobody; who belongs is invited to the one that is made in its place.
      if (!isForbidden(error) || (await this.members.isIn(place.roomId, this.config.bot))) throw error;
    }
  }
}
