import { Injectable } from '@nestjs/common';
import { EventId, FhirRef, MatrixEvent } from '@bridge/contracts';
import {
  type MessageContent,
  type MissingContent,
  identifierQuery,
  mentionedUsers,
  readContent,
  replyTarget,
  threadRoot,
  toCommunication,
} from '@bridge/mapping';
import { MessageLinkStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import { AuditedRecord } from './audited-record';
import { causeOf } from './cause';
import { FileRecorder } from './file-recorder';
import { LinkedEvents } from './linked-events';
import { MapperConfig } from './mapper-config';
import { type Said, membersAmong, personOf } from './said-in';
import { UnreadTasks } from './unread-tasks';

/** What is said in Matrix → Communication, exactly once. */
@Injectable()
export class MessageRecorder {
  constructor(
    private readonly audited: AuditedRecord,
    private readonly links: MessageLinkStore,
    private readonly related: LinkedEvents,
    private readonly files: FileRecorder,
    private readonly unread: UnreadTasks,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
  ) {}

  async record(said: Said): Promise<'recorded' | 'unsupported' | 'unreadable' | 'repeated'> {
    const { event, conversation } = said;
    if (await this.links.resourceOf(event.event_id)) return 'repeated';
    const content = await this.contentOf(event);
    const plain = toCommunication(event, content, {
      ...conversation,
      ...(await this.relations(said)),
      sender: personOf(event.sender, said),
      mentioned: membersAmong(mentionedUsers(event), said),
      requestIn: this.config.requestIn,
      serverName: this.config.serverName,
    });
    const file = await this.files.attach(event, plain);
    const communication = file?.communication ?? plain;
    const { ref, versionId } = await this.audited.createOnce(
      communication,
      identifierQuery(event.event_id),
      causeOf(said),
    );
    await this.unread.note(conversation, ref, personOf(event.sender, said));
    // Told before the link is there: with it, a repetition ends above.
    if (file) await this.files.followUp(event, file.outcome);
    else if (content.missing) await this.tellSender(event, content.missing);
    const source = { fhirRef: ref, part: 0, version: versionId, conversation: conversation.conversation };
    await this.links.recorded(source, event.event_id);
    if (file || !content.missing) return 'recorded';
    return content.missing.notice === 'unreadable-encrypted' ? 'unreadable' : 'unsupported';
  }

  /** What the record will hold of the message, but for its file. */
  async contentOf(event: MatrixEvent): Promise<MessageContent> {
    return readContent(event);
  }

  private async relations({ event, conversation }: Said) {
    const record = async (target: EventId | undefined): Promise<FhirRef | undefined> =>
      target && (await this.related.settled(target, conversation))?.fhirRef;
    const [inResponseTo, root] = await Promise.all([record(replyTarget(event)), record(threadRoot(event))]);
    return { inResponseTo, threadRoot: root };
  }

  private async tellSender(
    { room_id: roomId, event_id: inReplyTo, sender: to }: MatrixEvent,
    { notice }: MissingContent,
  ): Promise<void> {
    const once = notice === 'unreadable-encrypted' ? { once: true } : {};
    await this.publisher.publish(
      'command.send-notice',
      roomId,
      { roomId, inReplyTo, to, notice, ...once },
      { id: `${inReplyTo}#${notice}` },
    );
  }
}
