import { setTimeout as wait } from 'node:timers/promises';
import type { WorkStream } from '@bridge/contracts';
import { connect, type ConsumerInfo, type JetStreamManager } from 'nats';
import { connectionOptions } from './connection-options';
import { QueueSetupError } from './errors';
import type { QueueConfig } from './queue-config';
import { workStreams } from './streams';

/**
 * A worker's requests for messages expire after a few seconds, all at once where nothing comes, and it asks anew a moment
 * later: one look alone may find nobody who asks.
 */
const looks = 3;
const betweenLooksMs = 200;

/** A work queue, and how many partitions it had. */
export interface Repartitioned {
  readonly stream: WorkStream;
  readonly before: number;
}

/**
 * Gives the work queues the number of partitions that the configuration says. A key waits in another partition then,
 * so nothing may wait in the old ones, and nobody may be at work there: the order of a conversation would be lost.
 * Done again after it was cut off, it does the rest.
 * @throws QueueSetupError when messages wait, or a worker asks for some; nothing is changed then
 */
export async function repartition(config: QueueConfig): Promise<Repartitioned[]> {
  const nats = await connect(connectionOptions(config));
  try {
    const manager = await nats.jetstreamManager();
    const names = await namesOf(manager);
    const existing = workStreams.filter((stream) => names.has(stream));
    for (let look = 1; look <= looks; look += 1) {
      if (look > 1) await wait(betweenLooksMs);
      for (const stream of existing) await checkIdle(manager, stream);
    }
    const changed: Repartitioned[] = [];
    for (const stream of existing)
      changed.push({ stream, before: await change(manager, stream, config.partitions) });
    return changed;
  } finally {
    await nats.close();
  }
}

async function namesOf(manager: JetStreamManager): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const name of manager.streams.names()) names.add(name);
  return names;
}

async function checkIdle(manager: JetStreamManager, stream: WorkStream): Promise<void> {
  const { state } = await manager.streams.info(stream);
  if (state.messages > 0) throw inUse(`Messages wait in ${stream}: ${state.messages}.`);
  const atWork = (await consumersOf(manager, stream)).some(({ num_waiting: asking }) => asking > 0);
  if (atWork) throw inUse(`A worker is at work on ${stream}.`);
}

/** The consumers first: the number is changed when nobody can be given a message by the old one any more. */
async function change(manager: JetStreamManager, stream: WorkStream, partitions: number): Promise<number> {
  for (const { name } of await consumersOf(manager, stream)) await manager.consumers.delete(stream, name);
  const { config } = await manager.streams.info(stream);
  const metadata = { ...config.metadata, partitions: String(partitions) };
  await manager.streams.update(stream, { metadata });
  return Number(config.metadata?.['partitions']);
}

async function consumersOf(manager: JetStreamManager, stream: WorkStream): Promise<ConsumerInfo[]> {
  const consumers: ConsumerInfo[] = [];
  for await (const consumer of manager.consumers.list(stream)) consumers.push(consumer);
  return consumers;
}

function inUse(why: string): QueueSetupError {
  return new QueueSetupError(
    why,
    'Stop the ingresses, let the workers empty both queues, and stop the workers.',
  );
}
