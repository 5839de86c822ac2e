import { Injectable } from '@nestjs/common';
import { EventId, FhirRef } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { eventIdOf, threadOf } from '@bridge/mapping';
import { MessageLinkStore } from '@bridge/persistence';
import type { Communication } from '@medplum/fhirtypes';

/** A Communication that another one refers to, with its event where that is known already. */
export interface Target {
  readonly ref: FhirRef;
  readonly event: EventId | undefined;
}

/** A thread within a thread within …: no more than this is followed. */
const deepestThread = 10;

/** Finds the messages that a Communication answers or belongs to. */
@Injectable()
export class MessageTarget {
  constructor(
    private readonly fhir: FhirClient,
    private readonly links: MessageLinkStore,
  ) {}

  /**
   * The event of a message that came from Matrix is on its Communication, even before the bridge noted the link.
   * The event of one that went to Matrix is known to room-manager, which has sent it before.
   */
  async of(ref: FhirRef): Promise<Target> {
    const linked = await this.links.eventOf(ref);
    if (linked) return { ref, event: linked };
    const target = await this.fhir.read<Communication>(ref);
    return { ref, event: target?.resourceType === 'Communication' ? eventIdOf(target) : undefined };
  }

  /** What a thread began with: Matrix has no threads within threads. */
  async rootOf(named: FhirRef): Promise<Target> {
    let root = named;
    const seen = new Set<FhirRef>();
    while (!seen.has(root) && seen.size < deepestThread) {
      seen.add(root);
      const communication = await this.fhir.read<Communication>(root);
      const parent = communication && threadOf(communication);
      if (!parent) break;
      root = parent;
    }
    return this.of(root);
  }
}
