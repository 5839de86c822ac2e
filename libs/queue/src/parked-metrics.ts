import { setTimeout as wait } from 'node:timers/promises';
import type { ParkedConversations } from '@bridge/contracts';
import type { Metrics } from '@bridge/platform';
import { workStreams } from './streams';

/** Whoever reads the metrics has a limit of their own, often ten seconds; the database client has none. */
const answerWithinMs = 1_000;

/**
 * Tells how many conversations are parked, of both work queues, asked of the database whenever somebody reads the
 * metrics. Where it does not answer the numbers are absent: none is not the same as unknown.
 */
export function tellParkedConversations(
  parked: Pick<ParkedConversations, 'count'>,
  metrics: Pick<Metrics, 'gauge'>,
): void {
  const help = 'Conversations that wait for an operator.';
  metrics.gauge('bridge_parked_conversations', help, ['stream'], async (gauge) => {
    gauge.reset();
    const counts = Promise.all(workStreams.map((stream) => parked.count(stream))).catch(() => undefined);
    const known = await Promise.race([counts, wait(answerWithinMs, undefined, { ref: false })]);
    known?.forEach((count, index) => gauge.set({ stream: workStreams[index]! }, count));
  });
}
