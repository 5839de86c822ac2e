import { Injectable } from '@nestjs/common';
import { EventId, FhirRef } from '@bridge/contracts';
import { Database } from './database';

/** One message as FHIR knows it: the part'th payload of a version of a resource. */
export interface MessageSource {
  readonly fhirRef: FhirRef;
  readonly part: number;
  readonly version: string;
  readonly conversation: FhirRef;
}

/** The record of a Matrix event, and how the bridge came to have it. */
export interface LinkedEvent {
  readonly fhirRef: FhirRef;
  readonly conversation: FhirRef;
  /** `to-fhir`: said in Matrix; `to-matrix`: written in FHIR, and not Matrix's to change. */
  readonly direction: 'to-fhir' | 'to-matrix';
  /** Of the latest edit applied, by its sender's homeserver. */
  readonly changedAt: Date | null;
  readonly redacted: boolean;
}

/** Longer than a worker that died holds its message back (ack wait), with a few tries after that. */
const onItsWayMs = 5 * 60_000;

@Injectable()
export class MessageLinkStore {
  constructor(private readonly database: Database) {}

  /** The Matrix event of a resource's part, as far as it was sent or received. */
  async eventOf(fhirRef: FhirRef, part = 0): Promise<EventId | undefined> {
    const row = await this.database.client.messageLink.findUnique({
      where: { fhirRef_part: { fhirRef, part } },
      select: { eventId: true },
    });
    return (row?.eventId as EventId | null | undefined) ?? undefined;
  }

  /** The resource of a Matrix event. */
  async resourceOf(eventId: EventId): Promise<FhirRef | undefined> {
    const row = await this.database.client.messageLink.findUnique({
      where: { eventId },
      select: { fhirRef: true },
    });
    return row?.fhirRef as FhirRef | undefined;
  }

  /** Where a resource says something. */
  async conversationOf(fhirRef: FhirRef): Promise<FhirRef | undefined> {
    const row = await this.database.client.messageLink.findFirst({
      where: { fhirRef },
      select: { conversation: true },
    });
    return row?.conversation as FhirRef | undefined;
  }

  /** What is known of a Matrix event. */
  async ofEvent(eventId: EventId): Promise<LinkedEvent | undefined> {
    const row = await this.database.client.messageLink.findUnique({
      where: { eventId },
      select: { fhirRef: true, conversation: true, direction: true, changedAt: true, redacted: true },
    });
    return (row as LinkedEvent | null) ?? undefined;
  }

  /**
   * The outbox: notes that this message is about to be sent to Matrix.
   * @returns the event id when it was sent already
   */
  async reserve(source: MessageSource): Promise<EventId | undefined> {
    const row = await this.database.client.messageLink.upsert({
      where: { fhirRef_part: { fhirRef: source.fhirRef, part: source.part } },
      create: { ...source, direction: 'to-matrix' },
      update: { attemptedAt: new Date() },
      select: { eventId: true },
    });
    return (row.eventId as EventId | null) ?? undefined;
  }

  /** Completes the outbox row with the homeserver's answer. */
  async sent(source: Pick<MessageSource, 'fhirRef' | 'part'>, eventId: EventId): Promise<void> {
    const { fhirRef, part } = source;
    await this.database.client.messageLink.update({
      where: { fhirRef_part: { fhirRef, part } },
      data: { eventId },
    });
  }

  /**
   * Whether a message of this conversation was on its way to Matrix within the last minutes:
   * its event may be seen before its row is complete. One that was given up is not waited for.
   */
  async hasUnsent(conversation: FhirRef): Promise<boolean> {
    const row = await this.database.client.messageLink.findFirst({
      where: { conversation, eventId: null, attemptedAt: { gt: new Date(Date.now() - onItsWayMs) } },
      select: { fhirRef: true },
    });
    return row !== null;
  }

  /** When a message of this conversation was last sent or recorded. */
  async latestOf(conversation: FhirRef): Promise<Date | undefined> {
    const row = await this.database.client.messageLink.findFirst({
      where: { conversation, eventId: { not: null } },
      orderBy: { attemptedAt: 'desc' },
      select: { attemptedAt: true },
    });
    return row?.attemptedAt;
  }

  /** Notes that a Matrix event is in the record. Repeating it changes nothing. */
  async recorded(source: MessageSource, eventId: EventId): Promise<void> {
    await this.database.client.messageLink.createMany({
      data: { ...source, eventId, direction: 'to-fhir' },
      skipDuplicates: true,
    });
  }

  /** Notes that an edit is in the record. A later one stays the latest. */
  async changed(eventId: EventId, changedAt: Date): Promise<void> {
    await this.database.client.messageLink.updateMany({
      where: { eventId, OR: [{ changedAt: null }, { changedAt: { lt: changedAt } }] },
      data: { changedAt },
    });
  }

  /** Notes that what a Matrix event said was taken back. */
  async redacted(eventId: EventId): Promise<void> {
    await this.database.client.messageLink.updateMany({ where: { eventId }, data: { redacted: true } });
  }

  /** The file that was uploaded for a part, as {@link uploaded} noted it: its `mxc://`, with what tells the file apart. */
  async mediaOf({ fhirRef, part }: Pick<MessageSource, 'fhirRef' | 'part'>): Promise<string | undefined> {
    const row = await this.database.client.messageLink.findUnique({
      where: { fhirRef_part: { fhirRef, part } },
      select: { mediaUri: true },
    });
    return row?.mediaUri ?? undefined;
  }

  /** Notes the file that was uploaded for a part, so that a repeated send does not upload it again. */
  async uploaded(
    { fhirRef, part }: Pick<MessageSource, 'fhirRef' | 'part'>,
    mediaUri: string,
  ): Promise<void> {
    await this.database.client.messageLink.update({
      where: { fhirRef_part: { fhirRef, part } },
      data: { mediaUri },
    });
  }
}
