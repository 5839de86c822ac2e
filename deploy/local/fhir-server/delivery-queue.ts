import { setTimeout as delay } from 'node:timers/promises';
import type { WithId } from '@medplum/core';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { type Dispatcher, request } from 'undici';
import type { RestHook } from './subscription-channel';

/** One attempt to deliver, for whoever measures or logs. Holds no content, no URL and no header. */
export interface DeliveryReport {
  readonly subscriptionId: string;
  readonly method: 'POST' | 'PUT';
  /** 1 for the first. */
  readonly attempt: number;
  /** The HTTP status, or the error code of the connection. */
  readonly outcome: number | string;
}

interface Surroundings {
  readonly dispatcher: Dispatcher;
  /** Milliseconds before each further attempt; their number + 1 is the number of attempts. */
  readonly retryDelaysMs: readonly number[];
  readonly onAttempt: (report: DeliveryReport) => void;
  /** Called once, with the reason, when the attempts are used up; the queue is stopped by then. */
  readonly onGivenUp: (reason: string) => void;
}

/** Notifications of one Subscription: strictly one after another, each repeated until the endpoint accepts it. */
export class DeliveryQueue {
  private readonly waiting: (WithId<Resource> | Bundle | undefined)[] = [];
  private readonly stopping = new AbortController();
  private draining = false;

  constructor(
    private readonly subscriptionId: string,
    private hook: RestHook,
    private readonly surroundings: Surroundings,
  ) {}

  /** Changes criteria and channel for what has not been sent yet. */
  use(hook: RestHook): void {
    this.hook = hook;
  }

  get criteria(): RestHook['criteria'] {
    return this.hook.criteria;
  }

  get topic(): RestHook['topic'] {
    return this.hook.topic;
  }

  /** Queues a notification of a topic-based Subscription. */
  post(bundle: Bundle): void {
    this.waiting.push(bundle);
    if (!this.draining) void this.drain();
  }

  /** Queues the notification of a change. One empty POST that has not been sent yet covers any number of them. */
  notify(resource: WithId<Resource>): void {
    if (this.hook.withPayload) this.waiting.push(resource);
    else if (!this.waiting.includes(undefined)) this.waiting.push(undefined);
    if (!this.draining) void this.drain();
  }

  /** Drops what waits and breaks off what is under way. */
  stop(): void {
    this.waiting.length = 0;
    this.stopping.abort();
  }

  private async drain(): Promise<void> {
    this.draining = true;
    try {
      while (this.waiting.length > 0 && !this.stopping.signal.aborted)
        await this.deliver(this.waiting.shift());
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.stop();
      this.surroundings.onGivenUp(error instanceof Error ? error.message : String(error));
    } finally {
      this.draining = false;
    }
  }

  private async deliver(resource: WithId<Resource> | Bundle | undefined): Promise<void> {
    const { retryDelaysMs, onAttempt } = this.surroundings;
    const { signal } = this.stopping;
    const method = resource && !this.hook.topic ? 'PUT' : 'POST';
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.send(method, resource);
      signal.throwIfAborted();
      onAttempt({ subscriptionId: this.subscriptionId, method, attempt, outcome });
      if (typeof outcome === 'number' && outcome >= 200 && outcome < 300) return;
      const pause = retryDelaysMs[attempt - 1];
      if (pause === undefined) throw new Error(`${method} failed ${attempt} times, last with ${outcome}`);
      await delay(pause, undefined, { signal });
    }
  }

  /**
   * R4: without a payload a POST without a body, otherwise an update (PUT) of the resource at the endpoint. Topic-based:
   * the Bundle is posted.
   */
  private async send(
    method: 'POST' | 'PUT',
    resource: WithId<Resource> | Bundle | undefined,
  ): Promise<number | string> {
    const { endpoint, headers } = this.hook;
    const { dispatcher } = this.surroundings;
    const { signal } = this.stopping;
    try {
      const response = resource
        ? await request(
            method === 'POST' ? endpoint : `${endpoint}/${resource.resourceType}/${resource.id}`,
            {
              method,
              headers: { 'content-type': 'application/fhir+json; charset=utf-8', ...headers },
              body: JSON.stringify(resource),
              dispatcher,
              signal,
            },
          )
        : await request(endpoint, { method: 'POST', headers, dispatcher, signal });
      await response.body.dump();
      return response.statusCode;
    } catch (error) {
      // Not `instanceof Error`: system errors may come from another realm than this file's (in tests they do).
      return typeof error === 'object' && error && 'code' in error ? String(error.code) : 'connection failed';
    }
  }
}
