import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { QueueContext } from '@bridge/queue';
import { BotMembership } from './bot-membership';
import { DirectChats } from './direct-chats';
import { ManagerConfig } from './manager-config';
import { MemberEvents } from './member-events';
import { RoomAdoption } from './room-adoption';
import { RoomUpgrades } from './room-upgrades';

/** State of Rooms that somebody else than the bridge has changed. */
@Controller()
export class EventController {
  constructor(
    private readonly config: ManagerConfig,
    private readonly ownMembership: BotMembership,
    private readonly directChats: DirectChats,
    private readonly members: MemberEvents,
    private readonly upgrades: RoomUpgrades,
    private readonly adoption: RoomAdoption,
  ) {}

  @EventPattern('matrix.m.room.member')
  async member(
    @Payload() event: MessageOf<'matrix.m.room.member'>,
    @Ctx() { storedAt }: QueueContext,
  ): Promise<void> {
    if (this.config.isOwn(event.state_key)) await this.ownMembership.handle(event, storedAt);
    else await this.directChats.onMemberEvent(event);
    // Ghosts as well: they stand for members.
    await this.members.handle(event);
  }

  @EventPattern('matrix.m.room.tombstone')
  async tombstone(@Payload() event: MessageOf<'matrix.m.room.tombstone'>): Promise<void> {
    await this.upgrades.handle(event);
  }

  @EventPattern('matrix.m.space.child')
  async spaceChild(@Payload() event: MessageOf<'matrix.m.space.child'>): Promise<void> {
    await this.adoption.handle(event);
  }
}
