import { Injectable, Logger, OnModuleInit } from '@nestjs/common';
import type { FhirRef } from '@bridge/contracts';
import { FhirClient, FhirRefusal, type WrittenVersion } from '@bridge/fhir';
import { orderingKey, refOf, versionAtOf, versionIdOf } from '@bridge/mapping';
import { CursorStore } from '@bridge/persistence';
import { countingFrom } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import { BoundedSet } from './bounded-set';
import { MapperConfig } from './mapper-config';
import { type Pulled, type PulledType, pulledTypes } from './pulled-types';

/** The changes of one type, of which the first page is on its way already. */
interface Reading extends PulledType {
  readonly cursor: Date | undefined;
  readonly first: Promise<IteratorResult<Pulled[]>>;
  readonly pages: AsyncGenerator<Pulled[]>;
}

const pageSize = 200;
/** Half of what a NATS message may hold by default; a larger resource is named only, and read by its handler. */
const maxResourceBytes = 512 * 1024;
/** Versions that need not be queued again when the overlap shows them once more. */
const rememberedVersions = 10_000;

/** Reads what changed on the FHIR server and queues each version, in the order in which it was written there. */
@Injectable()
export class PullReader implements OnModuleInit {
  private readonly logger = new Logger(PullReader.name);
  /** Versions that are queued, and those that need not be. */
  private readonly queued = new BoundedSet<string>(rememberedVersions);
  private readonly refused = new Set<string>();
  private readonly types: readonly PulledType[];

  constructor(
    private readonly fhir: FhirClient,
    private readonly cursors: CursorStore,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
  ) {
    this.types = pulledTypes(config);
  }

  onModuleInit(): void {
    this.fhir.tellWhatIsWritten((version) => this.passOver(version));
  }

  /**
   * A Communication that the bridge itself writes says what is in Matrix already, so that its version need not be queued:
   * half of all there are. Unless the version that it was made of has not been seen here: then it says more than that. And
   * unless it takes back what was written: Matrix may have more of it than the event that was redacted.
   * An optimisation of this process only; what another replica has written is queued, and changes nothing.
   */
  private passOver({ ref, versionId, of, resource }: WrittenVersion): void {
    if (resource.resourceType !== 'Communication' || resource.status === 'entered-in-error') return;
    if (of === undefined || this.queued.has(versionKey(ref, of))) this.queued.add(versionKey(ref, versionId));
  }

  /**
   * All types are asked for at once, so that a further one costs no time, and queued one after the other.
   * @param only the types to read, of those that are followed; not given: all
   * @returns how many versions were queued
   */
  async pull(source: string, only?: readonly string[]): Promise<number> {
    const cursors = await this.cursors.read(source);
    const readings: Reading[] = [];
    const types = this.types.filter(({ type }) => only?.includes(type) ?? true);
    for (const type of types) readings.push(await this.begin(source, type, cursors.get(type.type)));
    let queued = 0;
    for (const reading of readings) queued += await this.queueAll(source, reading);
    return queued;
  }

  private async begin(source: string, type: PulledType, known: Date | undefined): Promise<Reading> {
    const cursor = known ?? (await this.beginning(source, type));
    const pages = this.fhir.search<Pulled>(type.type, this.parameters(type, cursor));
    const first = pages.next();
    // It is looked at when it is this type's turn; until then its failure is nobody's.
    first.catch(() => undefined);
    return { ...type, cursor, pages, first };
  }

  /** Noted at once: what is written between the first pull and the next one is not to be missed. */
  private async beginning(source: string, { type, begins }: PulledType): Promise<Date | undefined> {
    if (begins === 'with-everything' || this.config.syncFrom) return undefined;
    const now = new Date();
    await this.cursors.advance(source, type, now);
    return now;
  }

  /** A type that the server does not have, or does not show to the bridge, keeps no other from being read. */
  private async queueAll(source: string, reading: Reading): Promise<number> {
    const { type } = reading;
    try {
      const queued = await this.queuePages(source, reading);
      this.refused.delete(type);
      return queued;
    } catch (error) {
      if (!(error instanceof FhirRefusal)) throw error;
      if (this.refused.has(type)) return 0;
      this.refused.add(type);
      const advice =
        type === 'Task' || type === 'AuditEvent'
          ? 'If the server keeps none of these, set FHIR_READ_MARKS accordingly.'
          : error.advice;
      this.logger.error(`Changes of ${type} are not followed: ${error.message}. ${advice}`);
      return 0;
    }
  }

  private async queuePages(source: string, { type, matters, cursor, first, pages }: Reading) {
    let queued = 0;
    let newest = cursor;
    for (let page = await first; !page.done; page = await pages.next()) {
      for (const resource of page.value) {
        const queue = () => this.queue(resource);
        if (matters(resource) && (await (cursor ? fromItsChange(resource, queue) : queue()))) queued += 1;
        const versionAt = versionAtOf(resource);
        if (!newest || versionAt > newest) newest = versionAt;
      }
      // Page by page, so that a first pull of a large server that is cut off goes on where it was.
      if (newest && newest.getTime() !== cursor?.getTime()) await this.cursors.advance(source, type, newest);
    }
    return queued;
  }

  /** Reaches back before the cursor: servers store changes in another order than the one of their time stamps. */
  private parameters({ parameters }: PulledType, cursor: Date | undefined): Record<string, string> {
    const since = cursor
      ? new Date(cursor.getTime() - this.config.pullOverlapMs).toISOString()
      : this.config.syncFrom;
    return {
      ...parameters,
      _sort: '_lastUpdated',
      _count: String(pageSize),
      ...(since ? { _lastUpdated: `ge${since}` } : {}),
    };
  }

  private async queue(resource: Pulled): Promise<boolean> {
    const ref = refOf(resource);
    const versionId = versionIdOf(resource);
    const id = versionKey(ref, versionId);
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

function versionKey(ref: FhirRef, versionId: string): string {
  return `${ref}/_history/${versionId}`;
}

/**
 * No notification told of what a pull by the timer finds: its time counts from when the server stored it, by the server's
 * clock. Not at the first pull, which finds what is years old.
 */
function fromItsChange<T>(resource: Pulled, queue: () => T): T {
  return countingFrom(versionAtOf(resource).getTime(), queue);
}
