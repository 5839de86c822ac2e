import { matchesSearchRequest } from '@medplum/core';
import type { Subscription } from '@medplum/fhirtypes';
import { Agent } from 'undici';
import { DeliveryQueue, type DeliveryReport } from './delivery-queue';
import type { Version } from './resource-store';
import { restHookOf } from './subscription-channel';
import type { TopicEvents } from './topic-events';

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
  readonly events: TopicEvents;
}

/**
 * R4 Subscriptions over rest-hook: classic ones (subscription.html), which notify of creates and updates that match, not
 * of deletions, and topic-based ones (Subscriptions R5 Backport IG), which number what they tell. Told of changes after they are committed, and delivers on its own time: no write waits for, or
 * fails because of, a receiver.
 */
export class SubscriptionEngine {
  private readonly queues = new Map<string, DeliveryQueue>();
  private readonly heartbeats = new Map<string, NodeJS.Timeout>();
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
      for (const [id, queue] of this.queues) this.tell(id, queue, version);
    }
  }

  private tell(id: string, queue: DeliveryQueue, version: Version): void {
    const { resource, resourceType } = version;
    const { topic } = queue;
    if (topic) {
      if (topic.resourceType !== resourceType) return;
      const number = this.options.events.note(id, version);
      const status = { id, status: 'active', hook: topic };
      queue.post(this.options.events.bundle('event-notification', status, number, number));
      this.beat(id, queue);
    } else if (resource && matchesSearchRequest(resource, queue.criteria)) {
      queue.notify(resource);
    }
  }

  /** A sign of life when nothing was told for the period that was agreed. */
  private beat(id: string, queue: DeliveryQueue): void {
    clearInterval(this.heartbeats.get(id));
    const { topic } = queue;
    if (!topic?.heartbeatMs) return;
    const send = () =>
      queue.post(this.options.events.bundle('heartbeat', { id, status: 'active', hook: topic }));
    this.heartbeats.set(id, setInterval(send, topic.heartbeatMs));
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
    const queue = this.queues.get(id) ?? this.openQueue(id, hook);
    queue.use(hook);
    // Served from now on, not from when it turns active: a change in between would go unnoticed.
    this.queues.set(id, queue);
    if (resource.status === 'requested' && hook.topic) {
      const status = { id, status: 'requested', hook: hook.topic };
      queue.post(this.options.events.bundle('handshake', status));
    }
    this.beat(id, queue);
    if (resource.status === 'requested') this.options.changeStatus({ id, from: 'requested', to: 'active' });
  }

  private openQueue(id: string, hook: ReturnType<typeof restHookOf>): DeliveryQueue {
    const queue = new DeliveryQueue(id, hook, {
      dispatcher: this.dispatcher,
      retryDelaysMs: this.options.retryDelaysMs,
      onAttempt: this.options.onDelivery,
      onGivenUp: (error) => {
        // At once: should a client set it active before the status change below, it needs a fresh queue.
        this.stop(id);
        this.options.changeStatus({ id, from: 'active', to: 'error', error });
      },
    });
    return queue;
  }

  private stop(id: string): void {
    this.queues.get(id)?.stop();
    this.queues.delete(id);
    clearInterval(this.heartbeats.get(id));
    this.heartbeats.delete(id);
  }
}
