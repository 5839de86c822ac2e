import { type WorkStream } from '@bridge/contracts';
import {
  AckPolicy,
  DiscardPolicy,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from 'nats';
import { QueueSetupError } from './errors';
import type { QueueConfig } from './queue-config';
import { deadLetterStream, partitionSubjects } from './subject';

export const workStreams: readonly WorkStream[] = ['MAPPING', 'ROOMS'];
const waitingInBackground = 1_000;
const minute = 60_000;
const duplicateWindowMs = 2 * minute;
const deadLettersKeptMs = 30 * 24 * 60 * minute;

/** JetStream's error codes (nats-server `server/errors.json`). */
const streamNotFound = 10059;
const streamNameInUse = 10058;

/**
 * Makes sure that both work queues and the dead letters are there as configured. Several processes may do so at once.
 * @throws QueueSetupError when an existing stream cannot serve, with the way to mend it
 */
export async function ensureStreams(manager: JetStreamManager, config: QueueConfig): Promise<void> {
  await Promise.all(
    [...workStreams.map((name) => workStream(name, config)), deadLetters(config)].map((wanted) =>
      ensureStream(manager, wanted),
    ),
  );
}

/**
 * The durable consumer of one partition, shared by all replicas of the worker.
 * `max_ack_pending: 1` is what keeps the order: the next message leaves only after the last was acknowledged. Background
 * messages have no order, so that one that waits for its next try holds up no other.
 * `max_deliver: -1` because a work queue strands a message whose deliveries ran out (nats-server keeps it, nobody gets it).
 */
export async function ensureConsumer(
  manager: JetStreamManager,
  stream: WorkStream,
  partition: number,
  { ackWaitMs, inOrder }: { readonly ackWaitMs: number; readonly inOrder: boolean },
): Promise<void> {
  const consumer: Partial<ConsumerConfig> = {
    durable_name: consumerName(stream, partition),
    filter_subject: partitionSubjects(stream, partition),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: inOrder ? 1 : waitingInBackground,
    max_deliver: -1,
  };
  await manager.consumers.add(stream, consumer);
}

export function consumerName(stream: WorkStream, partition: number): string {
  return `${stream.toLowerCase()}-${partition}`;
}

/** Bytes in a work queue are the backlog: acknowledged messages leave, and a full one refuses rather than forgets. */
function workStream(name: WorkStream, config: QueueConfig): Partial<StreamConfig> & { name: string } {
  return {
    name,
    subjects: [`${name.toLowerCase()}.>`],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_bytes: config.maxBytes,
    num_replicas: config.replicas,
    duplicate_window: nanos(duplicateWindowMs),
    metadata: { partitions: String(config.partitions) },
  };
}

/** `limits`, not work-queue retention: operators browse it, and a work queue cannot be browsed. */
function deadLetters(config: QueueConfig): Partial<StreamConfig> & { name: string } {
  return {
    name: deadLetterStream,
    subjects: ['dead.>'],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    max_age: nanos(deadLettersKeptMs),
    num_replicas: config.replicas,
    duplicate_window: nanos(duplicateWindowMs),
  };
}

async function ensureStream(
  manager: JetStreamManager,
  wanted: Partial<StreamConfig> & { name: string },
): Promise<void> {
  const existing = (await find(manager, wanted.name)) ?? (await create(manager, wanted));
  checkExisting(existing, wanted);
  const { max_bytes, num_replicas } = existing.config;
  if ((wanted.max_bytes ?? -1) !== max_bytes || wanted.num_replicas !== num_replicas) {
    await manager.streams.update(wanted.name, {
      max_bytes: wanted.max_bytes ?? -1,
      num_replicas: wanted.num_replicas,
    });
  }
}

async function find(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (apiErrorCode(error) === streamNotFound) return undefined;
    throw error;
  }
}

async function create(
  manager: JetStreamManager,
  wanted: Partial<StreamConfig> & { name: string },
): Promise<StreamInfo> {
  try {
    return await manager.streams.add(wanted);
  } catch (error) {
    // Another process with another configuration was faster: judge what it made.
    if (apiErrorCode(error) === streamNameInUse) return manager.streams.info(wanted.name);
    throw error;
  }
}

function checkExisting({ config }: StreamInfo, wanted: Partial<StreamConfig> & { name: string }): void {
  if (config.retention !== wanted.retention) {
    throw new QueueSetupError(
      `The stream ${wanted.name} exists with ${config.retention} retention and is not this bridge's.`,
      'Give the bridge a NATS account of its own.',
    );
  }
  const partitions = config.metadata?.['partitions'];
  if (partitions !== wanted.metadata?.['partitions']) {
    throw new QueueSetupError(
      `The stream ${wanted.name} has ${partitions ?? 'no'} partitions, NATS_PARTITIONS says ${wanted.metadata?.['partitions']}.`,
      `Set NATS_PARTITIONS=${partitions ?? '…'}; or, to change the number, stop the ingresses, let the workers empty both queues, stop them, and run \`bridge queue repartition\`.`,
    );
  }
}

/** JetStream's own code for what went wrong, where it said one. */
export function apiErrorCode(error: unknown): number | undefined {
  return error instanceof NatsError ? error.api_error?.err_code : undefined;
}
