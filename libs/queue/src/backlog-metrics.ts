import { Metrics } from '@bridge/platform';
import { Injectable } from '@nestjs/common';
import type { JetStreamManager } from 'nats';
import { QueueConnection } from './queue-connection';
import { type QueueDepth, readDepths } from './queue-depth';

/** Whoever reads the metrics has a limit of their own, often ten seconds, and the other metrics to read. */
const requestTimeoutMs = 1_000;

/**
 * What lies in the queues, asked of JetStream whenever somebody reads the metrics. Every process tells the same, so that
 * the backlog can be seen while no worker runs. Where JetStream does not answer they are absent: an old number would
 * keep an autoscaler from seeing that nobody knows.
 */
@Injectable()
export class BacklogMetrics {
  private manager?: Promise<JetStreamManager>;
  private reading?: ReturnType<typeof readDepths>;

  constructor(
    private readonly connection: QueueConnection,
    metrics: Metrics,
  ) {
    const perStream = (name: string, help: string, value: (depth: QueueDepth) => number) =>
      metrics.gauge(name, help, ['stream'], async (gauge) => {
        gauge.reset();
        const depths = await this.read();
        for (const depth of depths?.queues ?? []) gauge.set({ stream: depth.stream }, value(depth));
      });
    perStream('bridge_queue_pending', 'Messages that no worker has yet.', ({ pending }) => pending);
    perStream(
      'bridge_queue_in_flight',
      'Messages that a worker has, or that wait for their next try.',
      ({ inFlight }) => inFlight,
    );
    perStream(
      'bridge_queue_redelivered',
      'Messages in flight that were given out before.',
      ({ redelivered }) => redelivered,
    );
    perStream(
      'bridge_queue_oldest_seconds',
      'Age of the oldest message that is not done; 0 for an empty queue.',
      ({ oldestSeconds }) => oldestSeconds,
    );
    metrics.gauge('bridge_dead_letters', 'Dead letters that are kept now.', [], async (gauge) => {
      const depths = await this.read();
      if (depths) gauge.set(depths.deadLetters);
      else gauge.remove();
    });
  }

  /** All gauges of one reading of the metrics are of the same moment, and cost one look. */
  private async read(): Promise<Awaited<ReturnType<typeof readDepths>> | undefined> {
    if (!this.connection.connected) return undefined;
    this.reading ??= this.ask().finally(() => {
      this.reading = undefined;
    });
    return this.reading.catch(() => undefined);
  }

  private async ask(): ReturnType<typeof readDepths> {
    this.manager ??= this.connection.nats.jetstreamManager({ timeout: requestTimeoutMs, checkAPI: false });
    return readDepths(await this.manager);
  }
}
