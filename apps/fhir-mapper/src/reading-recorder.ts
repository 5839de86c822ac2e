import { Injectable } from '@nestjs/common';
import { EventId, FhirRef, MessageOf, TransientError, parseFhirRef, typeOf } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { completed, openTaskStatus, readEventQuery, toAuditEvent } from '@bridge/mapping';
import { MatrixRefusal, Receipts } from '@bridge/matrix';
import { Conversation, ConversationStore, MessageLinkStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import type { Task } from '@medplum/fhirtypes';
import { AuditedRecord } from './audited-record';
import { MapperConfig } from './mapper-config';
import { PersonResolver } from './person-resolver';

type Receipt = MessageOf<'matrix.m.receipt'>;
type Outcome = 'recorded' | 'not-wanted' | 'foreign-room' | 'unknown-reader' | 'nothing-read';

/** What is read in Matrix → Task and AuditEvent. Repeating it changes nothing. */
@Injectable()
export class ReadingRecorder {
  private readonly outcomes;

  constructor(
    private readonly fhir: FhirClient,
    private readonly audited: AuditedRecord,
    private readonly persons: PersonResolver,
    private readonly conversations: ConversationStore,
    private readonly links: MessageLinkStore,
    private readonly receipts: Receipts,
    private readonly config: MapperConfig,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter(
      'bridge_read_receipts_total',
      'Read receipts from Matrix, by what became of them',
      ['outcome'],
    );
  }

  async record(receipt: Receipt): Promise<void> {
    this.outcomes.inc({ outcome: await this.recordReading(receipt) });
  }

  private async recordReading(receipt: Receipt): Promise<Outcome> {
    if (!this.config.marks('Task') && !this.config.marks('AuditEvent')) return 'not-wanted';
    const conversation = await this.conversations.ofRoom(receipt.roomId);
    if (!conversation) return 'foreign-room';
    const members = await this.conversations.members(conversation, { userIds: [receipt.userId] });
    const reader = members.find(({ participant }) => participant.accountUserId === receipt.userId);
    if (!reader) return 'unknown-reader';
    const what = await this.messageAt(receipt, conversation.conversation);
    if (!what) return 'nothing-read';
    const { fhirRef } = reader.participant;
    // A clock that is ahead, or a homeserver that makes things up: nobody reads in the future.
    const readAt = new Date(Math.min(receipt.readAt, Date.now()));
    if (this.config.marks('Task')) await this.completeTasks(conversation, fhirRef, what, readAt);
    if (this.config.marks('AuditEvent')) {
      const reading = { reader: fhirRef, what, readAt, serverName: this.config.serverName };
      // eslint-disable-next-line no-restricted-syntax -- an entry of the audit itself
      await this.fhir.createOnce(toAuditEvent(reading), readEventQuery(reading));
    }
    return 'recorded';
  }

  /**
   * The message that was read last: the one of the event, or of the nearest event before it that is a message in the
   * record. A client names whatever it shows last: an edit, a notice of the bot, somebody's coming or going.
   * @throws TransientError while the event may be a message that is being sent just now
   */
  private async messageAt({ roomId, eventId }: Receipt, conversation: FhirRef): Promise<FhirRef | undefined> {
    const message = await this.links.resourceOf(eventId);
    if (message) return message;
    if (await this.links.hasUnsent(conversation)) {
      throw new TransientError('read-event-unknown', 'The event that was read is not known yet', {
        advice: 'Passes by itself as soon as the messages under way are sent.',
      });
    }
    const before = await this.eventsBefore({ roomId, eventId });
    const known = await this.links.ofEvents(before);
    return before.map((event) => known.get(event)).find((ref) => ref !== undefined);
  }

  private async eventsBefore({ roomId, eventId }: Pick<Receipt, 'roomId' | 'eventId'>): Promise<EventId[]> {
    try {
      const events = await this.receipts.messagesBefore(roomId, eventId);
      return events.map((event) => event.event_id);
    } catch (error) {
      // Not in this room, or not to be seen by the bridge: nobody can say what was read.
      if (error instanceof MatrixRefusal) return [];
      throw error;
    }
  }

  /** @throws FhirConflict when somebody changes a Task at the same time: the receipt is then worked on again */
  private async completeTasks(
    { conversation, subject, roomId }: Conversation,
    reader: FhirRef,
    what: FhirRef,
    readAt: Date,
  ): Promise<void> {
    if (typeOf(conversation) !== 'CommunicationRequest') return;
    const open = { 'based-on': conversation, status: openTaskStatus.join(',') };
    const readUpTo = await this.links.bridgedAt(what, conversation);
    const room = roomId ?? undefined;
    const cause = { by: reader, occasion: `read ${what} by ${reader}`, patient: subject, room };
    const isRead = async (focus: FhirRef): Promise<boolean> => {
      if (focus === what) return true;
      const bridgedAt = await this.links.bridgedAt(focus, conversation);
      return bridgedAt !== undefined && readUpTo !== undefined && bridgedAt <= readUpTo;
    };
    for await (const page of this.fhir.search<Task>('Task', open)) {
      for (const task of page) {
        const focus = parseFhirRef(task.focus?.reference);
        const after = completed(task, readAt);
        if (after && focus && (await this.isOwner(task, reader)) && (await isRead(focus)))
          await this.audited.update(after, cause);
      }
    }
  }

  /** The owner may be named as the person, or as one of their roles. */
  private async isOwner({ owner }: Task, reader: FhirRef): Promise<boolean> {
    const ref = parseFhirRef(owner?.reference);
    return ref !== undefined && (await this.persons.refOf(ref)) === reader;
  }
}
