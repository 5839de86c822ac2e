import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { FhirRef, MessageOf } from '@bridge/contracts';
import { QueueContext, QueuePublisher } from '@bridge/queue';
import { SubscriptionWatch, typesOf } from './subscription-watch';

/** What topic-based Subscriptions told → pulls, and what is known of the Subscriptions. */
@Controller()
export class NotifiedController {
  constructor(
    private readonly publisher: QueuePublisher,
    private readonly watch: SubscriptionWatch,
  ) {}

  /** The pull first: should this process die before the rest is noted, it all comes again. */
  @EventPattern('fhir.notified')
  async notified(
    @Payload() message: MessageOf<'fhir.notified'>,
    @Ctx() context: QueueContext,
  ): Promise<void> {
    const { source } = message;
    if (tellsOfChanges(message)) {
      const pull = { source, ...aboutTypes(message) };
      await this.publisher.publish('fhir.pull', source, pull, { id: `notified ${context.sequence}` });
    }
    await this.watch.heard(message);
  }

  @EventPattern('subscription.due')
  async due(@Payload() message: MessageOf<'subscription.due'>): Promise<void> {
    await this.watch.look(message);
  }
}

/** A handshake as well: it may end an error, in which nothing was told. A sign of life tells of none. */
function tellsOfChanges({ kind, events }: MessageOf<'fhir.notified'>): boolean {
  return kind === 'handshake' || kind === 'event-notification' || events.length > 0;
}

/** Where every event says what it was about. What is told without content may be about anything. */
function aboutTypes({ events }: MessageOf<'fhir.notified'>): { types?: string[] } {
  const focuses = events.map(({ focus }) => focus);
  if (focuses.length === 0 || focuses.includes(undefined)) return {};
  return { types: typesOf(focuses as FhirRef[]) };
}
