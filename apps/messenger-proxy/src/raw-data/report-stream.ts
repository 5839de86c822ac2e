import {
  AckPolicy,
  DiscardPolicy,
  type JetStreamManager,
  NatsError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  nanos,
} from 'nats';

/** Where reports wait. Every replica puts them there, and every replica sends them. */
export const REPORT_STREAM = 'RAWDATA';
export const REPORT_SUBJECT = 'rawdata.report';
export const REPORT_CONSUMER = 'rawdata-sender';

export interface ReportStreamLimits {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** NATS servers that store each report. */
  readonly replicas: number;
}

/** Longer than a post may take: a report whose sender has gone silent is given to another. */
const ACK_WAIT_MS = 30_000;
/** So many are under way or wait for their next try: an absent receiver is not asked for each that waits. */
const MAX_PENDING = 100;
/** JetStream's code (nats-server `server/errors.json`). */
const STREAM_NOT_FOUND = 10059;

/**
 * Makes sure of the stream and of its one consumer, as configured; several processes may do so at once. A full stream
 * drops its oldest reports: they are worth less than the newest, and no call waits for room.
 */
export async function ensureReportStream(
  manager: JetStreamManager,
  limits: ReportStreamLimits,
): Promise<void> {
  const changing = {
    max_bytes: limits.maxBytes,
    max_age: nanos(limits.maxAgeMs),
    num_replicas: limits.replicas,
  };
  const wanted: Partial<StreamConfig> & { name: string } = {
    name: REPORT_STREAM,
    subjects: ['rawdata.>'],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    ...changing,
  };
  if (await exists(manager)) await manager.streams.update(REPORT_STREAM, changing);
  else await manager.streams.add(wanted);
  // -1: a work queue strands what has run out of deliveries. Its age ends a report.
  await manager.consumers.add(REPORT_STREAM, {
    durable_name: REPORT_CONSUMER,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: MAX_PENDING,
    max_deliver: -1,
  });
}

async function exists(manager: JetStreamManager): Promise<boolean> {
  try {
    await manager.streams.info(REPORT_STREAM);
    return true;
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === STREAM_NOT_FOUND) return false;
    throw error;
  }
}
