import { Injectable } from '@nestjs/common';
import { EventId, MessageOf, typeOf } from '@bridge/contracts';
import { QueuePublisher } from '@bridge/queue';
import { ManagerConfig } from './manager-config';

/** Tells the mapper which event says a Communication, for the record. */
@Injectable()
export class SaidMessages {
  constructor(
    private readonly publisher: QueuePublisher,
    private readonly config: ManagerConfig,
  ) {}

  /**
   * To be done when the homeserver has answered, and before that is noted: what is noted is not said again, and would
   * not be told again. A Communication has one event here, however many messages it is: that of its first part.
   */
  async tell(message: MessageOf<'command.send-message'>, eventId: EventId): Promise<void> {
    const { source: communication, part, conversation } = message;
    if (!this.config.writeEventIds || part !== 0 || typeOf(communication) !== 'Communication') return;
    const id = `${communication} ${eventId}`;
    await this.publisher.publish('message.said', conversation, { communication, eventId }, { id });
  }
}
