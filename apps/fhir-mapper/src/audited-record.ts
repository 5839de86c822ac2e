import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '@bridge/audit';
import { EventId, FhirRef, RoomId, UserId } from '@bridge/contracts';
import { Binaries, FhirClient, type NewBinary } from '@bridge/fhir';
import { refOf } from '@bridge/mapping';
import type { Resource } from '@medplum/fhirtypes';

/** Why something is written into the record. */
export interface Cause {
  /** On whose behalf; undefined: nobody's but the bridge's. */
  readonly by: FhirRef | UserId | undefined;
  /** Tells this occasion from any other: the event, or what else brought it. */
  readonly occasion: string;
  readonly patient?: FhirRef | null;
  readonly room?: RoomId;
  readonly event?: EventId;
}

/** Whatever the bridge writes into the record is written here, and nothing of it without its row in the audit. */
@Injectable()
export class AuditedRecord {
  constructor(
    private readonly fhir: FhirClient,
    private readonly binaries: Binaries,
    private readonly trail: AuditTrail,
  ) {}

  /** As {@link FhirClient.createOnce}: one resource of a type for each occasion. */
  async createOnce(
    resource: Resource,
    query: string,
    cause: Cause,
  ): Promise<{ ref: FhirRef; versionId: string }> {
    const key = `create ${resource.resourceType} ${cause.occasion}`;
    const deed = { ...facts(cause), deed: 'create', key, told: 'once', what: [] } as const;
    return this.trail.around(
      deed,
      () => this.fhir.createOnce(resource, query),
      ({ ref }) => ({ what: [ref] }),
    );
  }

  /** As {@link FhirClient.update}. */
  async update(resource: Resource, cause: Cause): Promise<void> {
    await this.changing(refOf(resource), cause, async () => {
      await this.fhir.update(resource);
      return true;
    });
  }

  /** As {@link FhirClient.change}. */
  async change<T extends Resource>(
    ref: FhirRef,
    change: (current: T) => T | undefined,
    cause: Cause,
  ): Promise<boolean> {
    return this.changing(ref, cause, () => this.fhir.change(ref, change));
  }

  /**
   * Does something that may change a resource.
   * @param act returns whether it was changed
   */
  async changing(ref: FhirRef, cause: Cause, act: () => Promise<boolean>): Promise<boolean> {
    const key = `update ${ref} ${cause.occasion}`;
    const deed = { ...facts(cause), deed: 'update', key, told: 'once', what: [ref] } as const;
    return this.trail.around(deed, act, (isChanged) => (isChanged ? {} : undefined));
  }

  /** As {@link Binaries.create}: each try that comes through makes another Binary, and is told. */
  async createBinary(body: Readable, binary: NewBinary, cause: Cause): Promise<FhirRef> {
    const key = `create Binary ${cause.occasion}`;
    const deed = { ...facts(cause), deed: 'create', key, told: 'each-time', what: [] } as const;
    return this.trail.around(
      deed,
      () => this.binaries.create(body, binary),
      (ref) => ({ what: [ref] }),
    );
  }
}

function facts({ by, patient, room, event }: Cause) {
  return { by, patient: patient ?? undefined, room, event };
}
