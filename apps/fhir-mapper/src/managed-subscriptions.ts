import { randomUUID } from 'node:crypto';
import {
  BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  OnApplicationBootstrap,
} from '@nestjs/common';
import { Capabilities, FhirClient } from '@bridge/fhir';
import {
  type ManagedSubscriptions as Managed,
  advertisedTopics,
  managedSubscription,
  mended,
  ownTag,
  ownTagFor,
  refOf,
  tokenOf,
  typeOfOwn,
} from '@bridge/mapping';
import { Config } from '@bridge/platform';
import type { Subscription } from '@medplum/fhirtypes';
import { AuditedRecord, type Cause } from './audited-record';
import { MapperConfig } from './mapper-config';
import { pulledTypes } from './pulled-types';

/** Injection token: what is configured of the bridge's own Subscriptions. */
export const SUBSCRIPTION_SETTINGS = Symbol('subscriptionSettings');

export type SubscriptionSettings = Config['subscriptions'];

/**
 * Creates and keeps alive the bridge's own Subscriptions on the FHIR server, one for each type that it follows, and
 * never touches any other. Every replica does so: a conditional create makes one of each.
 */
@Injectable()
export class ManagedSubscriptions implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ManagedSubscriptions.name);
  private timer?: NodeJS.Timeout;
  private working = Promise.resolve();
  private isStopping = false;

  constructor(
    private readonly fhir: FhirClient,
    private readonly audited: AuditedRecord,
    private readonly capabilities: Capabilities,
    private readonly config: MapperConfig,
    @Inject(SUBSCRIPTION_SETTINGS) private readonly settings: SubscriptionSettings,
  ) {}

  onApplicationBootstrap(): void {
    if (this.settings.mode !== 'external') this.work();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.working;
  }

  /** Makes the Subscriptions on the server what they should be. */
  async reconcile(): Promise<void> {
    if (this.settings.mode === 'removed') return this.removeAll();
    const managed = this.managed();
    const topics = advertisedTopics(await this.capabilities.statement());
    const wanted = new Map(
      pulledTypes(this.config).map(({ type }) => [String(type), managedSubscription(type, managed, topics)]),
    );
    const kept = new Set<string>();
    for (const current of await this.own()) {
      const type = typeOfOwn(current, managed) ?? '';
      const mending = wanted.get(type);
      // Of two for one type, which no server should have made, all replicas keep the same one: they come in order.
      if (!mending || kept.has(type)) await this.fhir.delete(refOf(current));
      else await this.mend(current, mending);
      kept.add(type);
    }
    for (const [type, subscription] of wanted) if (!kept.has(type)) await this.create(type, subscription);
  }

  private work(): void {
    this.working = this.reconcile()
      .catch((error: unknown) =>
        this.logger.error({
          msg: 'The own Subscriptions could not be looked after, tried again later',
          err: error,
        }),
      )
      .finally(() => {
        if (!this.isStopping) this.timer = setTimeout(() => this.work(), this.settings.checkIntervalMs);
      });
  }

  private async create(type: string, subscription: Subscription): Promise<void> {
    const query = new URLSearchParams({ _tag: tokenOf(ownTagFor(type, this.config)) }).toString();
    const { ref } = await this.audited.createOnce(subscription, query, this.cause());
    this.logger.log(`${ref} tells of ${type}`);
  }

  private async mend(current: Subscription, wanted: Subscription): Promise<void> {
    const isWritten = await this.audited.change<Subscription>(
      refOf(current),
      (now) => mended(now, wanted),
      this.cause(),
    );
    if (isWritten) this.logger.warn(`${refOf(current)} was ${current.status}, or not as configured: mended`);
  }

  private async removeAll(): Promise<void> {
    for (const subscription of await this.own()) {
      await this.fhir.delete(refOf(subscription));
      this.logger.log(`${refOf(subscription)} is removed`);
    }
  }

  /** Those that bear the bridge's tag; looked at again, as a server that does not know the parameter gives all. */
  private async own(): Promise<Subscription[]> {
    const found: Subscription[] = [];
    const parameters = { _tag: tokenOf(ownTag(this.config)) };
    for await (const page of this.fhir.search<Subscription>('Subscription', parameters)) found.push(...page);
    return found
      .filter((each) => typeOfOwn(each, this.config) !== undefined)
      .sort((one, other) => (one.id ?? '').localeCompare(other.id ?? ''));
  }

  /** Nobody has asked for it, and no time is like another. */
  private cause(): Cause {
    return { by: undefined, occasion: randomUUID() };
  }

  private managed(): Managed {
    const { endpoint = '', header, topics = {} } = this.settings;
    return {
      serverName: this.config.serverName,
      endpoint,
      headers: header === undefined ? [] : [header],
      topics,
    };
  }
}
