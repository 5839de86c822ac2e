import { Injectable } from '@nestjs/common';
import { EventId, FhirRef } from '@bridge/contracts';
import { Database } from './database';

/** Which resource holds a reaction. */
@Injectable()
export class ReactionLinkStore {
  constructor(private readonly database: Database) {}

  async resourceOf(eventId: EventId): Promise<FhirRef | undefined> {
    const row = await this.database.client.reactionLink.findUnique({ where: { eventId } });
    return row?.fhirRef as FhirRef | undefined;
  }

  /** Repeating it changes nothing. */
  async save(eventId: EventId, fhirRef: FhirRef): Promise<void> {
    await this.database.client.reactionLink.createMany({ data: { eventId, fhirRef }, skipDuplicates: true });
  }

  async remove(eventId: EventId): Promise<void> {
    await this.database.client.reactionLink.deleteMany({ where: { eventId } });
  }
}
