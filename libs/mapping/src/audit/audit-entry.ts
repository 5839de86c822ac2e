import { createHash } from 'node:crypto';
import type { EventId, FhirRef, RoomId, UserId } from '@bridge/contracts';

/** What somebody wanted of the bridge. `execute`: none of the others, such as work that failed before it reached a record. */
export type AuditDeed = 'create' | 'update' | 'disclose' | 'execute';

/** `unknown`: begun, and never known to have ended: it may or may not have been done. */
export type AuditOutcome = 'done' | 'refused' | 'unknown';

/** One thing that was done, or refused, as the audit tells it. References and opaque ids only: no words, no names. */
export interface AuditEntry {
  /** Unique; FHIR R4 gives an AuditEvent no identifier. */
  readonly id: string;
  readonly deed: AuditDeed;
  readonly outcome: AuditOutcome;
  /** A failure class or the code of a notice, where it was refused; what an operator did, or why. */
  readonly reason?: string;
  /** On whose behalf: their resource, or their account where the record does not know them. None: nobody's but the bridge's. */
  readonly by?: FhirRef | UserId;
  /** Who did it by hand, at the machine: by the name they go by there. */
  readonly operator?: string;
  /** Who was given it, where that is one person. */
  readonly to?: UserId;
  readonly patient?: FhirRef;
  /** Resources that it is about. */
  readonly what: readonly FhirRef[];
  /** Where in Matrix it came from, or went to. */
  readonly room?: RoomId;
  readonly event?: EventId;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** The id of what is done once, however often it is tried. */
export function auditIdOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
