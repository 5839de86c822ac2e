import { Injectable } from '@nestjs/common';
import { EventId, FhirRef, TransientError } from '@bridge/contracts';
import { type Conversation, type LinkedEvent, MessageLinkStore } from '@bridge/persistence';

/** What other events of its conversation an event speaks of. */
@Injectable()
export class LinkedEvents {
  constructor(private readonly links: MessageLinkStore) {}

  /** The record of an event in this conversation: what a stranger names in another one stays out of reach. */
  async find(eventId: EventId, { conversation }: Conversation): Promise<LinkedEvent | undefined> {
    const link = await this.links.ofEvent(eventId);
    return link?.conversation === conversation ? link : undefined;
  }

  /** Whether a resource says something in this conversation. */
  async holds(fhirRef: FhirRef, { conversation }: Conversation): Promise<boolean> {
    return (await this.links.conversationOf(fhirRef)) === conversation;
  }

  /**
   * As `find`, for an event that may be one of ours.
   * @throws TransientError while it may be a message that is being sent just now
   */
  async settled(eventId: EventId, conversation: Conversation): Promise<LinkedEvent | undefined> {
    const link = await this.find(eventId, conversation);
    if (link || !(await this.links.hasUnsent(conversation.conversation))) return link;
    throw new TransientError(
      'related-event-unknown',
      'The message that another one is about is not known yet',
      {
        advice: 'Passes by itself as soon as the messages under way are sent.',
      },
    );
  }
}
