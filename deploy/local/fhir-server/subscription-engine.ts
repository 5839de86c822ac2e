import { matchesSearchRequest } from '@medplum/core';
import type { Subscription } from '@medplum/fhirtypes';
import { Agent } from 'undici';
import { DeliveryQueue, type DeliveryReport } from './delivery-queue';
import type { Version } from './resource-store';
import { restHookOf } from './subscription-channel';

const requestTimeoutMs = 10_000;

/** A change of status that the server itself makes; it is void when the Subscription has left `from` meanwhile. */
export interface StatusChange {
  readonly id: string;
  readonly from: Subscription['status'];
  readonly to: Subscription['status'];
  /** Why deliveries stopped, for `Subscription.error`. */
  readonly error?: string;
}

export interface SubscriptionEngineOptions {
  /** Milliseconds before each further attempt of a delivery. */
  readonly retryDelaysMs: readonly number[];
  readonly changeStatus: (change: StatusChange) => void;
  readonly onDelivery: (report: DeliveryReport) => void;
}

/**
 * Classic R4 Subscriptions over rest-hook (subscription.html): notifies of creates and updates that match, not of
 * deletions. Told of changes after they are committed, and delivers on its own time: no write waits for, or
 * fails because of, a receiver.
 */
export class SubscriptionEngine {
  private readonly queues = new Map<string, DeliveryQueue>();
  private readonly dispatcher = new Agent({
    connect: { timeout: requestTimeoutMs },
    headersTimeout: requestTimeoutMs,
    bodyTimeout: requestTimeoutMs,
  });

  constructor(private readonly options: SubscriptionEngineOptions) {}

  /** Takes committed changes, in the order they were made. */
  changed(versions: readonly Version[]): void {
    for (const version of versions) {
      if (version.resourceType === 'Subscription') this.follow(version);
      const { resource } = version;
      if (!resource) continue;
      for (const queue of this.queues.values()) {
        if (matchesSearchRequest(resource, queue.criteria)) queue.notify(resource);
      }
    }
  }

  /** Breaks off all deliveries; nothing is delivered afterwards. */
  async close(): Promise<void> {
    for (const id of [...this.queues.keys()]) this.stop(id);
    await this.dispatcher.destroy();
  }

  private follow({ id, resource }: Version): void {
    if (resource?.resourceType !== 'Subscription' || !['requested', 'active'].includes(resource.status)) {
      this.stop(id);
      return;
    }
    const hook = restHookOf(resource);
    const queue = this.queues.get(id);
    if (queue) queue.use(hook);
    // Served from now on, not from when it turns active: a change in between would go unnoticed.
    else this.queues.set(id, this.openQueue(id, hook));
    if (resource.status === 'requested') this.options.changeStatus({ id, from: 'requested', to: 'active' });
  }

  private openQueue(id: string, hook: ReturnType<typeof restHookOf>): DeliveryQueue {
    const queue = new DeliveryQueue(id, hook, {
      dispatcher: this.dispatcher,
      retryDelaysMs: this.options.retryDelaysMs,
      onAttempt: this.options.onDelivery,
      onGivenUp: (error) => {
        // At once: should a client set it active before the status change below, it needs a fresh queue.
        this.queues.delete(id);
        this.options.changeStatus({ id, from: 'active', to: 'error', error });
      },
    });
    return queue;
  }

  private stop(id: string): void {
    this.queues.get(id)?.stop();
    this.queues.delete(id);
  }
}
