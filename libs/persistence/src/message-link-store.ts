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

  /** The record of something that was said in Matrix; undefined for what was written in FHIR. */
  async recordOf(eventId: EventId): Promise<FhirRef | undefined> {
    const row = await this.database.client.messageLink.findUnique({
      where: { eventId, direction: 'to-fhir' },
      select: { fhirRef: true },
    });
    return row?.fhirRef as FhirRef | undefined;
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

  /** Notes that a Matrix event is in the record. Repeating it changes nothing. */
  async recorded(source: MessageSource, eventId: EventId): Promise<void> {
    await this.database.client.messageLink.createMany({
      data: { ...source, eventId, direction: 'to-fhir' },
      skipDuplicates: true,
    });
  }
}
