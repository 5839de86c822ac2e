import { Injectable, Logger } from '@nestjs/common';
import { FhirRef, type MessageOf, alwaysFollowedTypes, typeOf } from '@bridge/contracts';
import {
  Capabilities,
  type Deletion,
  type DeletionOf,
  Deletions,
  FhirClient,
  FhirRefusal,
} from '@bridge/fhir';
import { orderingKey, remainsOf } from '@bridge/mapping';
import { CursorStore, MessageLinkStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import { BoundedSet } from './bounded-set';
import { MapperConfig } from './mapper-config';

/** Deletions that need not be queued again when the overlap shows them once more. */
const remembered = 10_000;

/** Finds what was deleted on the FHIR server and queues it, behind the changes that came before. */
@Injectable()
export class DeletionReader {
  private readonly logger = new Logger(DeletionReader.name);
  private readonly queued = new BoundedSet<string>(remembered);
  /** Types whose history the server refused to tell, though it says that it has one. */
  private readonly refused = new Set<string>();
  /** Per source: when the histories were last read. Of this process only; reading them too often does no harm. */
  private readonly readAt = new Map<string, number>();
  private readonly followed: readonly string[];

  constructor(
    private readonly fhir: FhirClient,
    private readonly deletions: Deletions,
    private readonly capabilities: Capabilities,
    private readonly cursors: CursorStore,
    private readonly links: MessageLinkStore,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
  ) {
    // What says something in Matrix for as long as it exists, as lines do. Of what was read, nothing can be unread.
    this.followed = [...alwaysFollowedTypes, ...config.clinicalTypes];
  }

  /**
   * Queues the end of those of the named resources that the server does not have (any more): what a sender says of a
   * deletion is checked with the server first.
   */
  async look(refs: readonly FhirRef[]): Promise<void> {
    for (const ref of refs) {
      if (!this.followed.includes(typeOf(ref)) || (await this.fhir.read(ref))) continue;
      await this.queue(await this.endOf(ref));
    }
  }

  /** Reads the histories of a source's server for deletions, unless that was done a short while ago. */
  async sweep(source: string): Promise<void> {
    const before = this.readAt.get(source) ?? -Infinity;
    if (performance.now() - before < this.config.deletesIntervalMs) return;
    for (const type of await this.capabilities.historyOf(this.followed)) await this.sweepType(source, type);
    this.readAt.set(source, performance.now());
  }

  private async sweepType(source: string, type: string): Promise<void> {
    const name = `${type}/_history`;
    const known = (await this.cursors.read(source)).get(name);
    // What was deleted before the bridge came it has never shown.
    if (!known) return this.cursors.advance(source, name, new Date());
    let newest = known;
    try {
      for await (const page of this.deletions.since(type, this.reachingBack(known))) {
        for (const deletion of page.deletions) {
          if (this.queued.has(keyOf(deletion))) continue;
          await this.look([deletion.ref]);
          this.queued.add(keyOf(deletion));
        }
        if (page.newest && page.newest > newest) newest = page.newest;
      }
    } catch (error) {
      if (!(error instanceof FhirRefusal)) throw error;
      if (!this.refused.has(type))
        this.logger.error(`Deletions of ${type} are not followed: ${error.message}. ${error.advice}`);
      this.refused.add(type);
      return;
    }
    // A history comes newest first: not before its last page it is known that nothing is left out.
    await this.cursors.advance(source, name, newest);
  }

  private reachingBack(cursor: Date): Date {
    return new Date(cursor.getTime() - this.config.pullOverlapMs);
  }

  /** A server without a history does not tell when it was: then it is now, by this machine's clock. */
  private async endOf(ref: FhirRef): Promise<DeletionOf> {
    const told = await this.deletions.of(ref);
    return told ?? { ref, versionId: '', deletedAt: new Date(), last: undefined };
  }

  private async queue(deletion: DeletionOf): Promise<void> {
    const { ref, versionId, deletedAt, last } = deletion;
    const remains = remainsOf(last);
    const change: MessageOf<'fhir.changed'> = {
      ref,
      versionId,
      lastUpdated: deletedAt.toISOString(),
      deleted: true,
      resource: remains && { ...remains },
    };
    const conversation = remains ? orderingKey(remains) : await this.links.conversationOf(ref);
    const id = `${ref} deleted ${deletedAt.toISOString()}`;
    await this.publisher.publish('fhir.changed', conversation ?? ref, change, { id });
    this.queued.add(keyOf(deletion));
  }
}

/** What a history says of a deletion is the same each time that it is read. */
function keyOf({ ref, versionId, deletedAt }: Deletion): string {
  return `${ref} ${versionId} ${deletedAt?.toISOString() ?? ''}`;
}
