import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PermanentError } from '@bridge/contracts';
import { type AuditEntry, type Refusal, auditIdOf, canonicalJson, entryToAuditEvent } from '@bridge/mapping';
import { AuditOutboxStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';

/** Something that is about to be done, as far as that is known before. */
export interface Deed extends Pick<
  AuditEntry,
  'deed' | 'reason' | 'by' | 'operator' | 'to' | 'patient' | 'what' | 'room' | 'event'
> {
  /** Names the effect: all tries of it have the same. */
  readonly key: string;
  /** `each-time`: done again later under the same key, it is told again. */
  readonly told: 'once' | 'each-time';
}

/** What is known of a deed when it is done. */
export type Done = Partial<Pick<AuditEntry, 'what' | 'event'>>;

export interface AuditTrailConfig {
  readonly enabled: boolean;
  /** Ours: names this deployment in what it tells. */
  readonly serverName: string;
}

/**
 * Writes down what the bridge does, and what it refuses to do, so that no effect is without its row: the intention comes
 * before the effect, its outcome after it, each in one statement. A process that dies in between leaves the intention,
 * and the redelivered message, which finds its effect done, settles it.
 */
@Injectable()
export class AuditTrail {
  private readonly told;

  constructor(
    private readonly outbox: AuditOutboxStore,
    private readonly config: AuditTrailConfig,
    metrics: Metrics,
  ) {
    this.told = metrics.counter('bridge_audit_events_total', 'Entries of the audit, by what they tell of', [
      'deed',
      'outcome',
    ]);
  }

  /**
   * Does something that must not happen without a trace.
   * What is refused for good is told by whoever ends it (a dead letter, a notice), so here its intention is withdrawn,
   * unless an earlier try may have come further; what fails for now keeps it, as nobody knows how far it came.
   * @param doneBy what the result tells; undefined: nothing was done, as it was so already
   * @throws what `act` throws, and what the database does: without it nothing is done
   */
  async around<T>(deed: Deed, act: () => Promise<T>, doneBy: (result: T) => Done | undefined): Promise<T> {
    if (!this.config.enabled) return act();
    const startedAt = new Date();
    const { key, told, ...what } = deed;
    const begun = { ...what, startedAt };
    const wanted = told === 'once' ? auditIdOf(key) : randomUUID();
    const draft = this.text({ ...begun, id: wanted, outcome: 'unknown', endedAt: startedAt });
    const { id, intended } = await this.outbox.intend({ key, id: wanted, content: draft });
    if (intended === 'settled') return act();
    const result = intended === 'first' ? await this.orWithdraw(id, act) : await act();
    const done = doneBy(result);
    // Nothing left to do at a later try: an earlier one has done it.
    if (done || intended === 'again') await this.tell({ ...begun, ...done, id, outcome: 'done' });
    else await this.outbox.withdraw(id);
    return result;
  }

  /**
   * Tells of something that somebody wanted and that was not done.
   * @param key names the refusal: however often it comes, it is told once
   */
  async refused(key: string, refusal: Refusal): Promise<void> {
    if (!this.config.enabled) return;
    await this.tell({
      ...refusal,
      id: auditIdOf(`refused ${key}`),
      outcome: 'refused',
      startedAt: new Date(),
    });
  }

  private async tell(entry: Omit<AuditEntry, 'endedAt'>): Promise<void> {
    const content = this.text({ ...entry, endedAt: new Date() });
    await this.outbox.settle({ id: entry.id, content });
    this.told.inc({ deed: entry.deed, outcome: entry.outcome });
  }

  private async orWithdraw<T>(id: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof PermanentError) await this.outbox.withdraw(id);
      throw error;
    }
  }

  private text(entry: AuditEntry): string {
    return canonicalJson(entryToAuditEvent(entry, this.config.serverName));
  }
}
