import { Injectable, Logger } from '@nestjs/common';
import { UserId } from '@bridge/contracts';
import { FhirClient, FhirRefusal } from '@bridge/fhir';
import { type PersonResource, hasAccount, personTypes } from '@bridge/mapping';
import { ParticipantStore } from '@bridge/persistence';

/** Tells people whom the record knows from strangers. */
@Injectable()
export class KnownPeople {
  private readonly logger = new Logger(KnownPeople.name);

  constructor(
    private readonly participants: ParticipantStore,
    private readonly fhir: FhirClient,
  ) {}

  /** To the bridge: from a care team or a conversation. */
  async isKnown(userId: UserId): Promise<boolean> {
    return (await this.participants.known([userId])).has(userId);
  }

  /** To the record, though the bridge has had nothing to do with them: somebody's resource names the account. */
  async isInRecord(userId: UserId): Promise<boolean> {
    for (const type of personTypes) {
      try {
        for await (const page of this.fhir.search<PersonResource>(type, { telecom: userId }))
          if (page.some((person) => hasAccount(person, userId))) return true;
      } catch (error) {
        // A server that cannot search so knows nobody but those whom the bridge knows.
        if (!(error instanceof FhirRefusal)) throw error;
        this.logger.warn({ msg: `The FHIR server does not search ${type} by telecom`, err: error });
      }
    }
    return false;
  }
}
