import type { QueueConfig } from '@bridge/queue';

/** How tests have a queue of their own on a nats-server: small, and whatever that server keeps is safe enough. */
export function queueSettings(url: string, partitions: number): Omit<QueueConfig, 'app'> {
  return {
    url,
    partitions,
    replicas: 1,
    maxBytes: 64 * 1024 * 1024,
    ackWaitMs: 30_000,
    parkOn: [],
    monitoringUrls: undefined,
    durability: 'warn',
  };
}
