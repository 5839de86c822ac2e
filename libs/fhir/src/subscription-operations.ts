import { Injectable } from '@nestjs/common';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { FhirClient } from './fhir-client';
import { FhirRefusal } from './fhir-failure';

/** The operations of a topic-based Subscription (R5, and the backport to R4). Many servers have none of them. */
@Injectable()
export class SubscriptionOperations {
  constructor(private readonly fhir: FhirClient) {}

  /**
   * What the server would notify of these events: the status first, the resources behind it.
   * @param since, until event numbers, both included
   * @returns undefined where the server has no `$events`
   */
  async events(subscription: string, since: number, until: number): Promise<Resource[] | undefined> {
    const query = new URLSearchParams({
      eventsSinceNumber: String(since),
      eventsUntilNumber: String(until),
    });
    const url = `Subscription/${subscription}/$events?${query.toString()}`;
    return this.resourcesOf('read the events of a Subscription', url);
  }

  /** @returns undefined where the server has no `$status` */
  async status(subscription: string): Promise<Resource[] | undefined> {
    return this.resourcesOf('read the status of a Subscription', `Subscription/${subscription}/$status`);
  }

  private async resourcesOf(operation: string, url: string): Promise<Resource[] | undefined> {
    try {
      const { entry = [] } = await this.fhir.get<Bundle>(operation, url);
      return entry.flatMap(({ resource }) => resource ?? []);
    } catch (error) {
      if (error instanceof FhirRefusal) return undefined;
      throw error;
    }
  }
}
