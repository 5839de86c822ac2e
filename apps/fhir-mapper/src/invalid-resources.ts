import { Injectable, Logger } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';
import { Metrics } from '@bridge/platform';
import { QueueContext, QueuePublisher } from '@bridge/queue';
import type { OperationOutcome, Resource } from '@medplum/fhirtypes';
import { describe } from './resource-check';

/** Versions of resources that are no valid FHIR: kept for an operator, while the rest goes on. */
@Injectable()
export class InvalidResources {
  private readonly logger = new Logger(InvalidResources.name);
  private readonly refused;

  constructor(
    private readonly publisher: QueuePublisher,
    metrics: Metrics,
  ) {
    this.refused = metrics.counter(
      'bridge_invalid_resources_total',
      'Versions of resources from the FHIR server that are no valid FHIR R4',
      ['type'],
    );
  }

  /**
   * Hands the change to the dead letters with what is wrong with it, in place of the resource: that stays where it is, on
   * the server, and a replay reads what the server has by then.
   */
  async refuse(
    resource: Resource,
    outcome: OperationOutcome,
    { ref, versionId, lastUpdated }: MessageOf<'fhir.changed'>,
    { stream, partition, kind, sequence, attempts, key }: QueueContext,
  ): Promise<void> {
    const reason = `${ref} is no valid ${describe(resource, outcome)}`;
    await this.publisher.deadLetter({
      ...{ stream, partition, kind, attempts, key, reason },
      failureClass: 'fhir-invalid',
      payload: { ref, versionId, lastUpdated, outcome },
      id: String(sequence),
    });
    this.refused.inc({ type: resource.resourceType });
    this.logger.warn(`${reason}. Correct it on the FHIR server: its next version is taken again.`);
  }
}
