import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { LateInvites } from './late-invites';
import { BotCommands } from './bot-commands';
import { BotMembership } from './bot-membership';
import { DeliveryMarks } from './delivery-marks';
import { MessageRedactor } from './message-redactor';
import { MessageSender } from './message-sender';
import { Notifier } from './notifier';
import { ReceiptSender } from './receipt-sender';
import { RoomResync } from './room-resync';
import { RoomReconciler } from './room-reconciler';
import { SpaceReconciler } from './space-reconciler';

/** The commands of the ROOMS queue. Each may come more than once. */
@Controller()
export class CommandController {
  constructor(
    private readonly spaces: SpaceReconciler,
    private readonly rooms: RoomReconciler,
    private readonly lateInvites: LateInvites,
    private readonly membership: BotMembership,
    private readonly sender: MessageSender,
    private readonly redactor: MessageRedactor,
    private readonly receipts: ReceiptSender,
    private readonly notifier: Notifier,
    private readonly marks: DeliveryMarks,
    private readonly bot: BotCommands,
    private readonly resync: RoomResync,
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

  @EventPattern('command.decline-invite')
  async declineInvite(@Payload() command: MessageOf<'command.decline-invite'>): Promise<void> {
    await this.membership.declineLater(command);
  }

  @EventPattern('command.send-message')
  async sendMessage(@Payload() message: MessageOf<'command.send-message'>): Promise<void> {
    await this.sender.send(message);
  }

  @EventPattern('command.send-notice')
  async sendNotice(@Payload() message: MessageOf<'command.send-notice'>): Promise<void> {
    await this.notifier.notify(message);
  }

  @EventPattern('command.redact-message')
  async redactMessage(@Payload() message: MessageOf<'command.redact-message'>): Promise<void> {
    await this.redactor.redact(message);
  }

  @EventPattern('command.send-receipt')
  async sendReceipt(@Payload() message: MessageOf<'command.send-receipt'>): Promise<void> {
    await this.receipts.send(message);
  }

  @EventPattern('command.mark-undelivered')
  async markUndelivered(@Payload() message: MessageOf<'command.mark-undelivered'>): Promise<void> {
    await this.marks.mark(message);
  }

  @EventPattern('command.clear-mark')
  async clearMark(@Payload() message: MessageOf<'command.clear-mark'>): Promise<void> {
    await this.marks.clear(message);
  }

  @EventPattern('command.bot')
  async botCommand(@Payload() { event }: MessageOf<'command.bot'>): Promise<void> {
    await this.bot.run(event);
  }

  @EventPattern('command.resync-room')
  async resyncRoom(@Payload() { roomId, cause }: MessageOf<'command.resync-room'>): Promise<void> {
    await this.resync.resync(roomId, cause);
  }
}
