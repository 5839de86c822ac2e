import { Injectable, Logger } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';
import { FhirRefusal } from '@bridge/fhir';
import { withEventId } from '@bridge/mapping';
import { Metrics } from '@bridge/platform';
import type { Communication } from '@medplum/fhirtypes';
import { AuditedRecord } from './audited-record';

/** The id of the event that says in Matrix what was written in FHIR → an identifier of the Communication. */
@Injectable()
export class EventIdRecorder {
  private readonly logger = new Logger(EventIdRecorder.name);
  private readonly outcomes;

  constructor(
    private readonly audited: AuditedRecord,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter(
      'bridge_event_ids_total',
      'Ids of Matrix events for Communications written in FHIR, by what became of them',
      ['outcome'],
    );
  }

  /**
   * Adds the identifier, once. The version that this makes comes back as any other, and says the same as before: nothing
   * is sent for it. A server that lets nobody change a Communication is in its right: the message is in both places.
   */
  async record({ communication, eventId }: MessageOf<'message.said'>): Promise<void> {
    this.outcomes.inc({ outcome: await this.write({ communication, eventId }) });
  }

  private async write({ communication, eventId }: MessageOf<'message.said'>) {
    try {
      const isWritten = await this.audited.change<Communication>(
        communication,
        (current) => withEventId(current, eventId),
        { by: undefined, occasion: eventId, event: eventId },
      );
      return isWritten ? 'written' : 'nothing-to-write';
    } catch (error) {
      if (!(error instanceof FhirRefusal)) throw error;
      this.logger.debug(`${communication} keeps its identifiers: ${error.message}`);
      return 'refused';
    }
  }
}
