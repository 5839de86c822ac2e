import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { BridgeError, PermanentError } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { auditEventQuery, auditIdOf, canonicalJson, retold } from '@bridge/mapping';
import { type AuditContent, AuditOutboxStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import type { AuditEvent } from '@medplum/fhirtypes';

/** So many are sent side by side. */
const atOnce = 8;
/** Between two looks that found nothing. */
const idleMs = 1_000;
/** Nobody else sends what this process has taken until then: far longer than the answers of a server that is slow. */
const leaseMs = 300_000;
/** The pause after a server that is away, unless it names another one. */
const awayMs = 5_000;
/** What the server refuses is tried again now and then: its rules can be changed, and nothing may be lost. */
const refusedMs = 3_600_000;

/**
 * Brings the AuditEvents to the organisation's audit server. What is to be sent is in Postgres, so that a restart loses
 * nothing; several replicas send side by side, each its own rows. An event that was sent and not noted is found by the
 * conditional create.
 */
@Injectable()
export class AuditSender implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(AuditSender.name);
  private readonly sends;
  private readonly unsent;
  private timer?: NodeJS.Timeout;
  private sending: Promise<void> = Promise.resolve();
  private isStopping = false;

  constructor(
    private readonly outbox: AuditOutboxStore,
    private readonly server: FhirClient,
    metrics: Metrics,
  ) {
    this.sends = metrics.counter(
      'bridge_audit_sends_total',
      'Tries to bring an AuditEvent to the audit server, by what came of them',
      ['outcome'],
    );
    this.unsent = metrics.gauge('bridge_audit_unsent', 'AuditEvents that the audit server does not have yet');
  }

  onApplicationBootstrap(): void {
    this.lookIn(0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.sending;
  }

  private lookIn(ms: number): void {
    if (this.isStopping) return;
    this.timer = setTimeout(() => {
      this.sending = this.look().then((pauseMs) => this.lookIn(pauseMs));
    }, ms);
  }

  /** @returns the pause before the next look, in milliseconds */
  private async look(): Promise<number> {
    try {
      await this.reportUnsettled();
      const claimed = await this.outbox.claim(atOnce, leaseMs);
      const pauses = await Promise.all(claimed.map((each) => this.send(each)));
      this.unsent.set(await this.outbox.countUnsent());
      const longest = Math.max(0, ...pauses);
      return claimed.length === atOnce ? longest : Math.max(idleMs, longest);
    } catch (error) {
      this.logger.warn({ msg: 'The outbox of the audit could not be read', err: error });
      return awayMs;
    }
  }

  /** @returns for how long nothing else needs to be tried */
  private async send({ id, content }: AuditContent): Promise<number> {
    try {
      await this.server.createOnce(JSON.parse(content) as AuditEvent, auditEventQuery(id));
    } catch (error) {
      return this.postpone(id, error);
    }
    await this.outbox.sent(id);
    this.sends.inc({ outcome: 'sent' });
    return 0;
  }

  private async postpone(id: string, error: unknown): Promise<number> {
    if (error instanceof PermanentError) {
      // Of one event, as its content may be at fault: the others go on.
      this.logger.error({ msg: 'The audit server refuses an AuditEvent', err: error });
      this.sends.inc({ outcome: 'refused' });
      await this.outbox.postpone(id, new Date(Date.now() + refusedMs));
      return 0;
    }
    const pauseMs = Math.max(awayMs, error instanceof BridgeError ? (error.retryAfterMs ?? 0) : 0);
    this.logger.warn({ msg: 'An AuditEvent could not be sent, will be tried again', err: error });
    this.sends.inc({ outcome: 'postponed' });
    await this.outbox.postpone(id, new Date(Date.now() + pauseMs));
    return pauseMs;
  }

  /** What was begun long ago and never known to have ended is told as such. A repetition is the same entry. */
  private async reportUnsettled(): Promise<void> {
    for (const { id, content } of await this.outbox.unsettled(atOnce)) {
      const unknownId = auditIdOf(`unsettled ${id}`);
      const event = retold(JSON.parse(content) as AuditEvent, unknownId);
      await this.outbox.settle({ id: unknownId, content: canonicalJson(event) });
      await this.outbox.reported(id);
    }
  }
}
