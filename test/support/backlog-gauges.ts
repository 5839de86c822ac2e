import type { Metrics } from '@bridge/platform';

/** The gauges of the queues and the dead letters, of one reading of the metrics; none where JetStream does not answer in time. */
export async function readBacklog(metrics: Metrics): Promise<Record<string, number>> {
  const lines = (await metrics.registry.metrics()).split('\n');
  const told = lines.filter((line) => /^bridge_(queue_(pending|in|redel|oldest)|dead_letters)/.test(line));
  return Object.fromEntries(
    told.map((line) => [line.slice('bridge_'.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}
