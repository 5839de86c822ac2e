import { Injectable } from '@nestjs/common';
import { FhirRef } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { refOf, versionAtOf, versionIdOf, whereTo } from '@bridge/mapping';
import { CursorStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import type { PersonResource } from '@bridge/mapping';
import type { CareTeam, Communication, CommunicationRequest, PractitionerRole } from '@medplum/fhirtypes';
import { BoundedSet } from './bounded-set';
import { MapperConfig } from './mapper-config';

type Bridged = CareTeam | CommunicationRequest | Communication | PersonResource | PractitionerRole;

/** In this order, so that a team is on its way before its conversations, and a conversation before its messages. */
const bridgedTypes = [
  'CareTeam',
  'CommunicationRequest',
  'Communication',
  'PractitionerRole',
  'Practitioner',
  'RelatedPerson',
  'Patient',
] as const;

const pageSize = 200;
/** Half of what a NATS message may hold by default; a larger resource is named only, and read by its handler. */
const maxResourceBytes = 512 * 1024;
/** Versions that need not be queued again when the overlap shows them once more. */
const rememberedVersions = 10_000;

/** Reads what changed on the FHIR server and queues each version, in the order in which it was written there. */
@Injectable()
export class PullReader {
  private readonly queued = new BoundedSet<string>(rememberedVersions);

  constructor(
    private readonly fhir: FhirClient,
    private readonly cursors: CursorStore,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
  ) {}

  /** @returns how many versions were queued */
  async pull(source: string): Promise<number> {
    const cursors = await this.cursors.read(source);
    let queued = 0;
    for (const type of bridgedTypes) queued += await this.pullType(source, type, cursors.get(type));
    return queued;
  }

  private async pullType(
    source: string,
    type: Bridged['resourceType'],
    cursor: Date | undefined,
  ): Promise<number> {
    let queued = 0;
    let newest = cursor;
    for await (const page of this.fhir.search<Bridged>(type, this.parameters(cursor))) {
      for (const resource of page) {
        if (await this.queue(resource)) queued += 1;
        const versionAt = versionAtOf(resource);
        if (!newest || versionAt > newest) newest = versionAt;
      }
      // Page by page, so that a first pull of a large server that is cut off goes on where it was.
      if (newest && newest.getTime() !== cursor?.getTime()) await this.cursors.advance(source, type, newest);
    }
    return queued;
  }

  /** Reaches back before the cursor: servers store changes in another order than the one of their time stamps. */
  private parameters(cursor: Date | undefined): Record<string, string> {
    const since = cursor
      ? new Date(cursor.getTime() - this.config.pullOverlapMs).toISOString()
      : this.config.syncFrom;
    return {
      _sort: '_lastUpdated',
      _count: String(pageSize),
      ...(since ? { _lastUpdated: `ge${since}` } : {}),
    };
  }

  private async queue(resource: Bridged): Promise<boolean> {
    const ref = refOf(resource);
    const versionId = versionIdOf(resource);
    const id = `${ref}/_history/${versionId}`;
    if (this.queued.has(id)) return false;
    const fits = Buffer.byteLength(JSON.stringify(resource)) <= maxResourceBytes;
    const change = {
      ref,
      versionId,
      lastUpdated: versionAtOf(resource).toISOString(),
      resource: fits ? { ...resource } : undefined,
    };
    await this.publisher.publish('fhir.changed', orderingKey(resource), change, { id });
    this.queued.add(id);
    return true;
  }
}

/** What must stay in order has one key: a conversation with its messages. */
function orderingKey(resource: Bridged): FhirRef {
  if (resource.resourceType !== 'Communication') return refOf(resource);
  const { request, careTeam, subject } = whereTo(resource);
  return request ?? careTeam ?? subject ?? refOf(resource);
}
