import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { QueueContext } from '@bridge/queue';
import { DeliveryStatus } from './delivery-status';
import { EventIntake } from './event-intake';

/** What is said in Matrix → the record. */
@Controller()
export class MessageController {
  constructor(
    private readonly intake: EventIntake,
    private readonly delivery: DeliveryStatus,
  ) {}

  @EventPattern('matrix.m.room.message')
  async message(
    @Payload() event: MessageOf<'matrix.m.room.message'>,
    @Ctx() context: QueueContext,
  ): Promise<void> {
    await this.delivery.watch(event, context, () => this.intake.take(event));
  }

  @EventPattern('matrix.m.room.encrypted')
  async encrypted(
    @Payload() event: MessageOf<'matrix.m.room.encrypted'>,
    @Ctx() context: QueueContext,
  ): Promise<void> {
    await this.delivery.watch(event, context, () => this.intake.take(event));
  }

  @EventPattern('matrix.m.sticker')
  async sticker(
    @Payload() event: MessageOf<'matrix.m.sticker'>,
    @Ctx() context: QueueContext,
  ): Promise<void> {
    await this.delivery.watch(event, context, () => this.intake.take(event));
  }

  @EventPattern('matrix.m.poll.start')
  async poll(
    @Payload() event: MessageOf<'matrix.m.poll.start'>,
    @Ctx() context: QueueContext,
  ): Promise<void> {
    await this.delivery.watch(event, context, () => this.intake.take(event));
  }

  /** As clients send it while the stable name is new (MSC3381). */
  @EventPattern('matrix.org.matrix.msc3381.poll.start')
  async unstablePoll(
    @Payload() event: MessageOf<'matrix.org.matrix.msc3381.poll.start'>,
    @Ctx() context: QueueContext,
  ): Promise<void> {
    await this.delivery.watch(event, context, () => this.intake.take(event));
  }

  @EventPattern('matrix.m.reaction')
  async reaction(@Payload() event: MessageOf<'matrix.m.reaction'>): Promise<void> {
    await this.intake.take(event);
  }

  @EventPattern('matrix.m.room.redaction')
  async redaction(@Payload() event: MessageOf<'matrix.m.room.redaction'>): Promise<void> {
    await this.intake.take(event);
  }
}
