import { Injectable } from '@nestjs/common';
import { type MatrixStateEvent } from '@bridge/contracts';
import { LostRooms } from './lost-rooms';
import { ManagerConfig } from './manager-config';
import { RoomAdoption } from './room-adoption';
import { RoomUpgrades } from './room-upgrades';

/** Invites to the bot and to ghosts, and their end. */
@Injectable()
export class BotMembership {
  constructor(
    private readonly upgrades: RoomUpgrades,
    private readonly adoption: RoomAdoption,
    private readonly lost: LostRooms,
    private readonly config: ManagerConfig,
  ) {}

  async handle({ state_key, room_id: roomId, sender, content }: MatrixStateEvent): Promise<void> {
    if (state_key !== this.config.bot) return;
    if (content.membership === 'invite') {
      if (!(await this.upgrades.onInvite(roomId))) await this.adoption.onInvite(roomId, sender);
    } else if (content.membership !== 'join') await this.lost.onBotLeft(roomId);
  }
}
