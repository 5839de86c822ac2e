import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { LateInvites } from './late-invites';
import { MessageSender } from './message-sender';
import { RoomReconciler } from './room-reconciler';
import { SpaceReconciler } from './space-reconciler';

/** The commands of the ROOMS queue. Each may come more than once. */
@Controller()
export class CommandController {
  constructor(
    private readonly spaces: SpaceReconciler,
    private readonly rooms: RoomReconciler,
    private readonly lateInvites: LateInvites,
    private readonly sender: MessageSender,
  ) {}

  @EventPattern('command.reconcile-space')
  async reconcileSpace(@Payload() { careTeam }: MessageOf<'command.reconcile-space'>): Promise<void> {
    await this.spaces.reconcile(careTeam);
  }

  @EventPattern('command.reconcile-room')
  async reconcileRoom(@Payload() { conversation }: MessageOf<'command.reconcile-room'>): Promise<void> {
    await this.rooms.reconcile(conversation);
  }

  @EventPattern('command.invite')
  async invite(@Payload() command: MessageOf<'command.invite'>): Promise<void> {
    await this.lateInvites.invite(command);
  }

  @EventPattern('command.send-message')
  async sendMessage(@Payload() message: MessageOf<'command.send-message'>): Promise<void> {
    await this.sender.send(message);
  }

  @EventPattern('command.send-notice')
  async sendNotice(@Payload() message: MessageOf<'command.send-notice'>): Promise<void> {
    await this.sender.notice(message);
  }
}
