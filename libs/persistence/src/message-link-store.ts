import { Injectable } from '@nestjs/common';
import type { EventId, FhirRef } from '@bridge/contracts';
import { Database } from './database';
import type { MessageLink as Row } from './generated/client';

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

/** A message as it was bridged. */
export interface MessageLink extends MessageSource {
  /** Null until the homeserver has answered. */
  readonly eventId: EventId | null;
  readonly direction: 'to-matrix' | 'to-fhir';
  readonly contentHash: string | null;
  /** To Matrix: when the version that Matrix shows was written. */
  readonly versionAt: Date | null;
  readonly redacted: boolean;
}

/** What Matrix shows of a message after an effect. */
export interface Shown {
  readonly version: string;
  readonly versionAt: Date | null;
  readonly contentHash: string;
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

  /** The outbox: notes that this message is about to be sent to Matrix, for the first time or after it was taken back. */
  async reserve(source: MessageSource): Promise<void> {
    await this.database.client.messageLink.upsert({
      where: { fhirRef_part: { fhirRef: source.fhirRef, part: source.part } },
      create: { ...source, direction: 'to-matrix' },
      update: { ...source, attemptedAt: new Date(), redacted: false, eventId: null },
    });
  }

  /** Completes the outbox row with the homeserver's answer. */
  async sent(source: Pick<MessageSource, 'fhirRef' | 'part'>, eventId: EventId, shown: Shown): Promise<void> {
    await this.change(source, { eventId, ...rowOf(shown) });
  }

  /** Notes the version that Matrix shows now; its event is still the one of the message as it was first said. */
  async shows(source: Pick<MessageSource, 'fhirRef' | 'part'>, shown: Shown): Promise<void> {
    await this.change(source, rowOf(shown));
  }

  /** What was said of a resource, in the order of its parts. */
  async ofResource(fhirRef: FhirRef): Promise<MessageLink[]> {
    const rows = await this.database.client.messageLink.findMany({
      where: { fhirRef },
      orderBy: { part: 'asc' },
    });
    return rows.map(toLink);
  }

  /** The messages behind these events, as far as they are known. */
  async ofEvents(eventIds: readonly EventId[]): Promise<ReadonlyMap<EventId, FhirRef>> {
    const rows = await this.database.client.messageLink.findMany({
      where: { eventId: { in: [...eventIds] } },
      select: { eventId: true, fhirRef: true },
    });
    return new Map(rows.map(({ eventId, fhirRef }) => [eventId as EventId, fhirRef as FhirRef]));
  }

  /**
   * When a resource was last brought to the other side, in this conversation; undefined when it was not (yet).
   * Messages of one conversation are bridged one after the other, so this tells which came first.
   */
  async bridgedAt(fhirRef: FhirRef, conversation: FhirRef): Promise<Date | undefined> {
    const row = await this.database.client.messageLink.findFirst({
      where: { fhirRef, conversation, eventId: { not: null } },
      orderBy: { attemptedAt: 'desc' },
      select: { attemptedAt: true },
    });
    return row?.attemptedAt;
  }

  /** Notes that Matrix does not show this message any more. */
  async tookBack({ fhirRef, part }: Pick<MessageSource, 'fhirRef' | 'part'>): Promise<void> {
    await this.change({ fhirRef, part }, { redacted: true });
  }

  /**
   * Notes that this version of a resource says nothing: not a word of it is in Matrix any more, and an older version
   * that comes late is known to be older, also where none was ever said.
   */
  async tookBackAll(source: Omit<MessageSource, 'part'>, versionAt: Date | null): Promise<void> {
    const { fhirRef, version } = source;
    await this.database.client.messageLink.createMany({
      data: { ...source, part: 0, direction: 'to-matrix', redacted: true, changedAt: versionAt },
      skipDuplicates: true,
    });
    await this.database.client.messageLink.updateMany({
      where: { fhirRef, direction: 'to-matrix' },
      data: { version, redacted: true, changedAt: versionAt },
    });
  }

  /**
   * Whether a message of this conversation was on its way to Matrix within the last minutes:
   * its event may be seen before its row is complete. One that was given up is not waited for.
   */
  async hasUnsent(conversation: FhirRef): Promise<boolean> {
    const row = await this.database.client.messageLink.findFirst({
      where: {
        conversation,
        eventId: null,
        redacted: false,
        attemptedAt: { gt: new Date(Date.now() - onItsWayMs) },
      },
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

  private async change(
    { fhirRef, part }: Pick<MessageSource, 'fhirRef' | 'part'>,
    data: Partial<Row>,
  ): Promise<void> {
    await this.database.client.messageLink.update({ where: { fhirRef_part: { fhirRef, part } }, data });
  }
}

function rowOf({ version, versionAt, contentHash }: Shown) {
  return { version, changedAt: versionAt, contentHash };
}

function toLink(row: Row): MessageLink {
  return {
    fhirRef: row.fhirRef as FhirRef,
    part: row.part,
    version: row.version,
    conversation: row.conversation as FhirRef,
    eventId: row.eventId as EventId | null,
    direction: row.direction as MessageLink['direction'],
    contentHash: row.contentHash,
    versionAt: row.changedAt,
    redacted: row.redacted,
  };
}
