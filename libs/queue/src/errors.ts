import { PermanentError, TransientError } from '@bridge/contracts';

/** The queue did not confirm that it has the message: nothing is stored, or it is not known. Repeat with the same id. */
export class QueueUnavailableError extends TransientError {
  /** The work queue holds as many bytes as it may. */
  static full(stream: string, cause: unknown): QueueUnavailableError {
    return new QueueUnavailableError('queue-full', `The work queue for ${stream} is full.`, {
      advice: 'The workers do not keep up: look at their logs, add replicas, or raise NATS_MAX_BYTES.',
      retryAfterMs: 5_000,
      cause,
    });
  }

  /** No connection, no answer in time, or JetStream is not ready. */
  static away(cause?: unknown): QueueUnavailableError {
    return new QueueUnavailableError('queue-away', 'The queue did not confirm the message.', {
      advice: 'Check that the NATS server at NATS_URL runs and that JetStream is ready.',
      retryAfterMs: 1_000,
      cause,
    });
  }
}

/** The payload does not have the shape that its contract gives it. Names the paths at fault, never their values. */
export class MalformedMessageError extends PermanentError {
  constructor(kind: string, paths: readonly string[]) {
    super('malformed-message', `A ${kind} message does not have its shape: ${paths.join(', ')}.`, {
      advice: 'The sender and this worker disagree about the message: run the same version of both.',
    });
  }
}

/** A message of a kind that this version does not know. */
export class UnknownKindError extends PermanentError {
  constructor(kind: string) {
    super('unknown-kind', `No message is called ${kind} in this version.`, {
      advice: 'Upgrade the workers before the ingresses, then replay the dead letter.',
    });
  }
}

/** Larger than the server takes (`max_payload`, 1 MiB unless configured). */
export class MessageTooLargeError extends PermanentError {
  constructor(kind: string, bytes: number, cause?: unknown) {
    super('message-too-large', `A ${kind} message of ${bytes} bytes is more than the NATS server takes.`, {
      advice: 'Raise max_payload of the NATS server, or let the sender leave out the resource.',
      cause,
    });
  }
}

/** The process must not start like this; `advice` says how to mend it. */
export class QueueSetupError extends PermanentError {
  constructor(message: string, advice: string, cause?: unknown) {
    super('queue-setup', `${message} ${advice}`, { advice, cause });
  }
}
