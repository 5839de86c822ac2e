import type { WorkStream } from '@bridge/contracts';
import type { ConsumerInfo, JetStreamManager, StreamInfo } from 'nats';
import { workStreams } from './streams';
import { deadLetterStream } from './subject';

/** What lies in a work queue at one moment. */
export interface QueueDepth {
  readonly stream: WorkStream;
  /** Messages that no worker has been given yet. */
  readonly pending: number;
  /** Messages that a worker has, or that wait for their next try. */
  readonly inFlight: number;
  /** Of those in flight, the ones that were given out before. */
  readonly redelivered: number;
  /** Age of the oldest message, by the clock of the NATS server alone; 0 for an empty queue. */
  readonly oldestSeconds: number;
}

/** What lies in the queues, from JetStream's own books: five requests, however many partitions there are up to 256. */
export async function readDepths(
  manager: JetStreamManager,
): Promise<{ queues: readonly QueueDepth[]; deadLetters: number }> {
  const [deadLetters, ...queues] = await Promise.all([
    manager.streams.info(deadLetterStream),
    ...workStreams.map((stream) => depthOf(manager, stream)),
  ]);
  return { queues, deadLetters: deadLetters.state.messages };
}

async function depthOf(manager: JetStreamManager, stream: WorkStream): Promise<QueueDepth> {
  const [info, consumers] = await Promise.all([manager.streams.info(stream), consumersOf(manager, stream)]);
  const sum = (count: (consumer: ConsumerInfo) => number): number =>
    consumers.reduce((total, consumer) => total + count(consumer), 0);
  const inFlight = sum(({ num_ack_pending }) => num_ack_pending);
  return {
    stream,
    // Not the sum of the consumers' `num_pending`: before the first worker there are no consumers.
    pending: Math.max(0, info.state.messages - inFlight),
    inFlight,
    redelivered: sum(({ num_redelivered }) => num_redelivered),
    oldestSeconds: oldestSeconds(info),
  };
}

/** One page of the server's list holds 256 consumers; asking for each by its name would be a request each. */
async function consumersOf(manager: JetStreamManager, stream: WorkStream): Promise<ConsumerInfo[]> {
  const consumers: ConsumerInfo[] = [];
  for await (const consumer of manager.consumers.list(stream)) consumers.push(consumer);
  return consumers;
}

/** Work queues lose their messages when these are acknowledged: the first one is the oldest that is not done. */
function oldestSeconds({ state, ts = '' }: StreamInfo): number {
  return state.messages === 0 ? 0 : Math.max(0, Date.parse(ts) - Date.parse(state.first_ts)) / 1000;
}
