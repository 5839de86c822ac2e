import type { MessageKind, MessageOf } from '@bridge/contracts';
import { currentTraceparent, Metrics } from '@bridge/platform';
import { Injectable } from '@nestjs/common';
import { ErrorCode, headers, NatsError, type MsgHdrs, type PubAck } from 'nats';
import { deadLetterMessage, type DeadLetter } from './dead-letters';
import { MessageTooLargeError, QueueUnavailableError } from './errors';
import { encodeMessage, kindLabel } from './message-codec';
import { messageHeaders } from './message-headers';
import { partitionFor } from './partition';
import { QueueConnection } from './queue-connection';
import { apiErrorCode } from './streams';
import { deadLetterStream, workSubject } from './subject';

/** JetStream refuses because of `max_bytes` or `max_msgs` (nats-server `server/errors.json`, JSStreamStoreFailedF). */
const storeFailed = 10077;

/**
 * Bytes kept free for headers, which count for `max_payload`. A dead letter has more of them than its message had:
 * without this, a message could be too large for the dead letters and block its partition for ever.
 */
const headerRoom = 4_096;
/** nats-server's own, 1 MiB. */
const defaultMaxPayload = 1_048_576;

@Injectable()
export class QueuePublisher {
  private readonly published;
  private readonly deadLetters;

  constructor(
    private readonly connection: QueueConnection,
    metrics: Metrics,
  ) {
    this.published = metrics.counter(
      'bridge_queue_published_total',
      'Messages that the queue has stored, or already had (duplicate).',
      ['kind', 'duplicate'],
    );
    this.deadLetters = metrics.counter('bridge_dead_letters_total', 'Messages handed to the operators.', [
      'stream',
      'kind',
      'failure_class',
    ]);
  }

  /**
   * Puts a message on its work queue. Resolves only after JetStream has stored it.
   * @param key the ordering key: messages of one key are handled one after the other, in the order of their publishing
   * @param options.id names this message within its kind: the same id twice within two minutes is stored once
   * @returns `sequence` in the stream, and whether the message was there already
   * @throws QueueUnavailableError not stored, or not known: repeat later with the same id
   * @throws MalformedMessageError, MessageTooLargeError
   */
  async publish<K extends MessageKind>(
    kind: K,
    key: string,
    data: MessageOf<K>,
    options: { id: string },
  ): Promise<{ duplicate: boolean; sequence: number }> {
    const payload = encodeMessage(kind, data);
    if (payload.byteLength > this.largestPayload()) throw new MessageTooLargeError(kind, payload.byteLength);
    const subject = workSubject(kind, partitionFor(kind, key, this.connection.config.partitions));
    const fields = headers();
    fields.set(messageHeaders.key, key);
    const traceparent = currentTraceparent();
    if (traceparent) fields.set(messageHeaders.traceparent, traceparent);

    const { duplicate, seq } = await this.store(kind, subject, payload, fields, `${kind}:${options.id}`);
    this.published.inc({ kind, duplicate: String(duplicate) });
    return { duplicate, sequence: seq };
  }

  /**
   * Hands what cannot be done to the operators. Resolves only after JetStream has stored it.
   * @throws QueueUnavailableError not stored, or not known: keep the message and repeat
   */
  async deadLetter(letter: DeadLetter): Promise<void> {
    const { subject, id, headers, payload } = deadLetterMessage({
      traceparent: currentTraceparent(),
      ...letter,
    });
    const { duplicate } = await this.store(deadLetterStream, subject, payload, headers, id);
    if (duplicate) return;
    this.deadLetters.inc({
      stream: letter.stream,
      kind: kindLabel(letter.kind),
      failure_class: letter.failureClass,
    });
  }

  private largestPayload(): number {
    return (this.connection.nats.info?.max_payload ?? defaultMaxPayload) - headerRoom;
  }

  private async store(
    what: string,
    subject: string,
    payload: Uint8Array,
    fields: MsgHdrs,
    id: string,
  ): Promise<PubAck> {
    // The client library would hold the request back until it times out: the sender is better told at once.
    if (!this.connection.connected) throw QueueUnavailableError.away();
    try {
      return await this.connection.jetStream.publish(subject, payload, { msgID: id, headers: fields });
    } catch (error) {
      if (apiErrorCode(error) === storeFailed) throw QueueUnavailableError.full(what, error);
      if (error instanceof NatsError && error.code === (ErrorCode.MaxPayloadExceeded as string)) {
        throw new MessageTooLargeError(what, payload.byteLength, error);
      }
      if (error instanceof NatsError) throw QueueUnavailableError.away(error);
      throw error;
    }
  }
}
