import { Injectable, Logger } from '@nestjs/common';
import { FhirRef, type MessageOf, typeOf } from '@bridge/contracts';
import { FhirClient, FhirRefusal, SubscriptionOperations } from '@bridge/fhir';
import {
  type Gap,
  type SubscriptionAnswer,
  accountedUpTo,
  beginAt,
  hasBegunAgain,
  heartbeatMsOf,
  lostIn,
  missingOf,
  progressAfter,
  readSubscriptionAnswer,
} from '@bridge/mapping';
import { SubscriptionKey, SubscriptionState, SubscriptionStateStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import type { Subscription } from '@medplum/fhirtypes';
import { AuditedRecord } from './audited-record';
import { MapperConfig } from './mapper-config';
import { SubscriptionTimer } from './subscription-timer';

/** A Subscription that falls back into error is brought back no more often, in milliseconds. */
const betweenReactivationsMs = 60_000;

/** Of more events a pull of everything is the shorter way. */
const mostAskedFor = 1_000;

type Recovery = 'events-read' | 'swept' | 'began-again' | 'reactivated' | 'not-reactivated';

/**
 * Follows topic-based Subscriptions (FHIR R5 and the backport to R4, "Errors and Recovery"), whose servers promise
 * neither that a notification comes nor that it comes once or in order. What is found missing is pulled: what changed
 * is read in the order of the server, as ever.
 */
@Injectable()
export class SubscriptionWatch {
  private readonly logger = new Logger(SubscriptionWatch.name);
  private readonly recoveries;

  constructor(
    private readonly fhir: FhirClient,
    private readonly audited: AuditedRecord,
    private readonly operations: SubscriptionOperations,
    private readonly states: SubscriptionStateStore,
    private readonly publisher: QueuePublisher,
    private readonly timer: SubscriptionTimer,
    private readonly config: MapperConfig,
    metrics: Metrics,
  ) {
    this.recoveries = metrics.counter(
      'bridge_subscription_recoveries_total',
      'What was done about topic-based Subscriptions whose notifications were missing.',
      ['outcome'],
    );
  }

  /** Notes what a notification tells of the Subscription itself. Told twice, it changes nothing. */
  async heard(message: MessageOf<'fhir.notified'>): Promise<void> {
    const now = new Date();
    const numbers = message.events.map(({ number }) => number);
    const told = { numbers, counter: message.eventsSinceStart };
    const state = await this.states.change(message, (known) => {
      const progress = progressAfter(known, told, now);
      const before = known ?? { heartbeatMs: null, gapDueAt: null, checkDueAt: null, reactivatedAt: null };
      const noted = { ...before, ...progress };
      const checkDueAt = this.checkDueAt(noted, message.status === 'error', now);
      return { ...noted, gapDueAt: this.gapDueAt(noted, now), checkDueAt };
    });
    if (state) this.timer.wakeFor(state);
  }

  /** Does what is due for a Subscription. */
  async look(key: SubscriptionKey): Promise<void> {
    const now = new Date();
    const state = await this.states.find(key);
    if (state?.gapDueAt && state.gapDueAt <= now) await this.fill(key, state);
    if (state?.checkDueAt && state.checkDueAt <= now) await this.check(key, state);
  }

  /** The grace period is over: what has not arrived by now is asked for, or swept up where it cannot be asked for. */
  private async fill(key: SubscriptionKey, state: SubscriptionState): Promise<void> {
    const gap = missingOf(state);
    if (gap) {
      const types = await this.typesIn(key, gap, state);
      this.recoveries.inc({ outcome: types ? 'events-read' : ('swept' satisfies Recovery) });
      await this.pull(key, types, `gap ${gap.since}-${gap.until}`, state.gapDueAt);
    }
    const now = new Date();
    const after = await this.states.change(key, (known) => {
      if (!known) return undefined;
      const filled = { ...known, ...(gap ? accountedUpTo(known, gap.until) : {}), gapDueAt: null };
      return { ...filled, gapDueAt: this.gapDueAt(filled, now) };
    });
    if (after) this.timer.wakeFor(after);
  }

  /** @returns undefined where the server does not tell of every lost event what it was about: anything may have changed */
  private async typesIn(
    { subscription }: SubscriptionKey,
    gap: Gap,
    state: SubscriptionState,
  ): Promise<string[] | undefined> {
    if (gap.until - gap.since >= mostAskedFor) return undefined;
    const events = await this.operations.events(subscription, gap.since, gap.until);
    const answer = readSubscriptionAnswer(events ?? []);
    const focusOf = new Map(answer?.events.map(({ number, focus }) => [number, focus]));
    const focuses = lostIn(gap, state).map((number) => focusOf.get(number));
    return focuses.includes(undefined) ? undefined : typesOf(focuses as FhirRef[]);
  }

  /** It is new to the bridge, has been silent for too long, or is in error. */
  private async check(key: SubscriptionKey, before: SubscriptionState): Promise<void> {
    const subscription = await this.read(key);
    if (subscription === 'gone') return this.states.forget(key);
    const answer = subscription && (await this.statusOf(key));
    const isSilent = before.heartbeatMs !== null && before.heartbeatMs > 0;
    // Without an answer nobody knows what was lost in the silence.
    if (isSilent && answer?.counter === undefined)
      await this.pull(key, undefined, 'silence', before.checkDueAt);
    const status = answer?.status ?? subscription?.status;
    const reactivatedAt = status === 'error' ? await this.recover(key, before) : before.reactivatedAt;
    const now = new Date();
    const after = await this.states.change(key, (known) => {
      if (!known) return undefined;
      const noted = {
        ...known,
        ...this.progressBy(answer, before, known, now),
        heartbeatMs: (subscription && heartbeatMsOf(subscription)) ?? 0,
        reactivatedAt,
      };
      // Another look after a while: whether it has stayed in order.
      const checkDueAt = this.checkDueAt({ ...noted, checkDueAt: null }, status === 'error', now);
      return { ...noted, gapDueAt: this.gapDueAt(noted, now), checkDueAt };
    });
    if (after) this.timer.wakeFor(after);
  }

  private progressBy(
    answer: SubscriptionAnswer | undefined,
    before: SubscriptionState,
    known: SubscriptionState,
    now: Date,
  ) {
    const { counter } = answer ?? {};
    if (counter === undefined) return {};
    if (!hasBegunAgain(before, counter)) {
      const { heardAt } = known;
      return { ...progressAfter(known, { numbers: [], counter }, now), heardAt };
    }
    this.recoveries.inc({ outcome: 'began-again' satisfies Recovery });
    return beginAt(counter, now);
  }

  /**
   * Reads what was missed, then asks the server to go on. Read once more afterwards: what changed in between was
   * notified by nobody.
   * @returns when the server was last asked to
   */
  private async recover(key: SubscriptionKey, { reactivatedAt, checkDueAt }: SubscriptionState) {
    if (reactivatedAt && Date.now() - reactivatedAt.getTime() < betweenReactivationsMs) return reactivatedAt;
    await this.pull(key, undefined, 'error', checkDueAt);
    try {
      const isWritten = await this.audited.change<Subscription>(
        refOf(key),
        (current) =>
          current.status === 'error' ? { ...current, status: 'requested', error: undefined } : undefined,
        { by: undefined, occasion: `in error at ${checkDueAt?.toISOString() ?? ''}` },
      );
      // Otherwise somebody else was faster: another replica, or an administrator.
      if (isWritten) {
        this.recoveries.inc({ outcome: 'reactivated' satisfies Recovery });
        this.logger.warn(`${refOf(key)} was in error and is requested again`);
      }
    } catch (error) {
      if (!(error instanceof FhirRefusal)) throw error;
      this.recoveries.inc({ outcome: 'not-reactivated' satisfies Recovery });
      this.logger.error(
        `${refOf(key)} is in error and could not be requested again: ${error.message}. Set its status to requested, or let the bridge write Subscriptions.`,
      );
    }
    await this.pull(key, undefined, 'reactivated', checkDueAt);
    return new Date();
  }

  /** @returns undefined where the bridge may not read it */
  private async read(key: SubscriptionKey): Promise<Subscription | 'gone' | undefined> {
    try {
      return (await this.fhir.read<Subscription>(refOf(key))) ?? 'gone';
    } catch (error) {
      if (error instanceof FhirRefusal) return undefined;
      throw error;
    }
  }

  private async statusOf({ subscription }: SubscriptionKey): Promise<SubscriptionAnswer | undefined> {
    return readSubscriptionAnswer((await this.operations.status(subscription)) ?? []);
  }

  private async pull(
    { source, subscription }: SubscriptionKey,
    types: string[] | undefined,
    why: string,
    dueAt: Date | null,
  ): Promise<void> {
    const id = `${source} ${subscription} ${why} ${dueAt?.toISOString() ?? ''}`;
    await this.publisher.publish('fhir.pull', source, { source, ...(types ? { types } : {}) }, { id });
  }

  /** Notifications overtake each other: what is missing may be on its way. */
  private gapDueAt(state: SubscriptionState, now: Date): Date | null {
    if (!missingOf(state)) return null;
    return state.gapDueAt ?? new Date(now.getTime() + this.config.subscriptionGraceMs);
  }

  private checkDueAt(
    { heartbeatMs, checkDueAt, reactivatedAt }: SubscriptionState,
    isInError: boolean,
    now: Date,
  ): Date | null {
    const soonest = (reactivatedAt?.getTime() ?? -Infinity) + betweenReactivationsMs;
    if (isInError) return new Date(Math.max(now.getTime(), soonest));
    // Not looked up yet: at once, and not later because more is heard meanwhile.
    if (heartbeatMs === null) return checkDueAt ?? now;
    return heartbeatMs > 0 ? new Date(now.getTime() + 2 * heartbeatMs) : null;
  }
}

/** The types of the resources that events were about, each once. */
export function typesOf(focuses: readonly FhirRef[]): string[] {
  return [...new Set(focuses.map(typeOf))];
}

function refOf({ subscription }: SubscriptionKey): FhirRef {
  return FhirRef.parse(`Subscription/${subscription}`);
}
