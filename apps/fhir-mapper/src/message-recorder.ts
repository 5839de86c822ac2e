import { Injectable } from '@nestjs/common';
import { FhirRef, MatrixEvent, TransientError } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { identifierQuery, isEdit, isSupported, replyTarget, toCommunication } from '@bridge/mapping';
import { Conversation, ConversationStore, MessageLinkStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import { MapperConfig } from './mapper-config';

/** Matrix message → Communication, exactly once. */
@Injectable()
export class MessageRecorder {
  private readonly outcomes;

  constructor(
    private readonly fhir: FhirClient,
    private readonly conversations: ConversationStore,
    private readonly links: MessageLinkStore,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter(
      'bridge_matrix_messages_total',
      'Messages from Matrix, by what became of them',
      ['outcome'],
    );
  }

  async record(event: MatrixEvent): Promise<void> {
    const conversation = await this.conversations.ofRoom(event.room_id);
    if (!conversation) {
      this.outcomes.inc({ outcome: 'foreign-room' });
      return;
    }
    if (isEdit(event)) {
      // The record keeps what was said first until edits are bridged; the sender must know that.
      await this.tellSender(event, 'This change could not be recorded. Please send it as a new message.');
      this.outcomes.inc({ outcome: 'edit' });
      return;
    }
    if (await this.links.resourceOf(event.event_id)) {
      this.outcomes.inc({ outcome: 'repeated' });
      return;
    }
    await this.create(event, conversation);
    if (!isSupported(event)) {
      await this.tellSender(event, 'This kind of content cannot be recorded; the record holds a note of it.');
    }
    this.outcomes.inc({ outcome: isSupported(event) ? 'recorded' : 'unsupported' });
  }

  private async create(event: MatrixEvent, conversation: Conversation): Promise<void> {
    const [sender, inResponseTo] = await Promise.all([
      this.senderOf(event, conversation),
      this.inResponseTo(event, conversation),
    ]);
    const communication = toCommunication(event, {
      ...conversation,
      sender,
      inResponseTo,
      serverName: this.config.serverName,
    });
    const { ref, versionId } = await this.fhir.createOnce(communication, identifierQuery(event.event_id));
    await this.links.recorded(
      { fhirRef: ref, part: 0, version: versionId, conversation: conversation.conversation },
      event.event_id,
    );
  }

  /** Looked for among this conversation's members: one human can be several RelatedPersons, one for each patient. */
  private async senderOf(event: MatrixEvent, conversation: Conversation): Promise<FhirRef | undefined> {
    const members = await this.conversations.members(conversation);
    return members.find(({ participant }) => participant.accountUserId === event.sender)?.participant.fhirRef;
  }

  /** @throws TransientError while the message that is replied to may be one that is being sent just now */
  private async inResponseTo(
    event: MatrixEvent,
    { conversation }: Conversation,
  ): Promise<FhirRef | undefined> {
    const target = replyTarget(event);
    if (!target) return undefined;
    const ref = await this.links.resourceOf(target);
    if (ref || !(await this.links.hasUnsent(conversation))) return ref;
    throw new TransientError('reply-target-unknown', 'The message replied to is not known yet', {
      advice: 'Passes by itself as soon as the messages under way are sent.',
    });
  }

  private async tellSender(
    { room_id: roomId, event_id: inReplyTo }: MatrixEvent,
    body: string,
  ): Promise<void> {
    await this.publisher.publish(
      'command.send-notice',
      roomId,
      { roomId, inReplyTo, body },
      { id: inReplyTo },
    );
  }
}
