import { messages, type MessageKind, type MessageOf, PermanentError } from '@bridge/contracts';
import { annotateSpan, currentTakenAt, currentTraceparent, Metrics } from '@bridge/platform';
import { Injectable } from '@nestjs/common';
import { ErrorCode, headers, NatsError, type MsgHdrs, type PubAck } from 'nats';
import { deadLetterMessage, type DeadLetter } from './dead-letters';
import { MessageTooLargeError, QueueUnavailableError } from './errors';
import { encodeMessage, kindLabel } from './message-codec';
import { messageHeaders } from './message-headers';
import { partitionFor } from './partition';
import { QueueConnection } from './queue-connection';
import { inPublishSpan } from './queue-spans';
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

/** A message, and what names it within its kind: the same id twice within two minutes is stored once. */
export interface Publication<K extends MessageKind = MessageKind> {
  readonly kind: K;
  readonly data: MessageOf<K>;
  readonly id: string;
}

/** What became of a message that the queue has. */
export interface Stored {
  /** It was there already. */
  readonly duplicate: boolean;
  /** Its number in the stream. */
  readonly sequence: number;
}

/** A message as it goes to the server. */
export interface PreparedMessage {
  readonly kind: MessageKind;
  readonly partition: number;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs;
  /** Names it in its stream: the same id twice within two minutes is stored once. */
  readonly id: string;
}

@Injectable()
export class QueuePublisher {
  private readonly published;
  private readonly deadLetters;
  private readonly beforehand: ((letter: DeadLetter) => Promise<void>)[] = [];

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
  ): Promise<Stored> {
    return this.send(this.prepare(key, { kind, data, id: options.id }));
  }

  /**
   * Puts several messages of one key on their work queue, in this order. Resolves only after JetStream has stored them
   * all, but for those that it can never take: in the place of each of these is why.
   *
   * Each waits for the one before, and nothing follows one that was lost with its connection. Several under way at the
   * same time would be faster and can change places: a full queue, or a server that has just started, refuses one and
   * takes the next.
   * @throws QueueUnavailableError the rest is not stored, or it is not known: repeat all later with the same ids
   */
  async publishInOrder(
    key: string,
    publications: readonly Publication[],
  ): Promise<(Stored | PermanentError)[]> {
    const outcomes: (Stored | PermanentError)[] = [];
    for (const publication of publications) {
      try {
        outcomes.push(await this.send(this.prepare(key, publication)));
      } catch (error) {
        if (!(error instanceof PermanentError)) throw error;
        outcomes.push(error);
      }
    }
    return outcomes;
  }

  /** Has something done for each dead letter of this process. What throws keeps the letter from being stored. */
  beforeDeadLetters(act: (letter: DeadLetter) => Promise<void>): void {
    this.beforehand.push(act);
  }

  /**
   * Hands what cannot be done to the operators. Resolves only after JetStream has stored it.
   * @throws QueueUnavailableError not stored, or not known: keep the message and repeat
   */
  async deadLetter(letter: DeadLetter): Promise<void> {
    for (const act of this.beforehand) await act(letter);
    await this.setAside(letter);
  }

  /**
   * Stores a dead letter without telling of it: nothing has failed, it waits for an earlier one.
   * @throws QueueUnavailableError not stored, or not known: keep the message and repeat
   */
  async setAside(letter: DeadLetter): Promise<void> {
    const { subject, id, headers, payload } = deadLetterMessage({
      traceparent: currentTraceparent(),
      takenAt: currentTakenAt(),
      ...letter,
    });
    const place = { stream: deadLetterStream, kind: letter.kind, partition: letter.partition };
    const { duplicate } = await inPublishSpan(place, () =>
      this.store(deadLetterStream, subject, payload, headers, id),
    );
    if (duplicate) return;
    this.deadLetters.inc({
      stream: letter.stream,
      kind: kindLabel(letter.kind),
      failure_class: letter.failureClass,
    });
  }

  /**
   * Puts bytes that were in a work queue on it again. Resolves only after JetStream has stored them.
   * @throws QueueUnavailableError not stored, or not known: repeat with the same id
   */
  async publishAgain(message: PreparedMessage): Promise<Stored> {
    return this.send(message);
  }

  /** @throws MalformedMessageError, MessageTooLargeError */
  private prepare<K extends MessageKind>(key: string, { kind, data, id }: Publication<K>): PreparedMessage {
    const payload = encodeMessage(kind, data);
    if (payload.byteLength > this.largestPayload()) throw new MessageTooLargeError(kind, payload.byteLength);
    const partition = partitionFor(kind, key, this.connection.config.partitions);
    const fields = headers();
    fields.set(messageHeaders.key, key);
    return { kind, partition, payload, headers: fields, id: `${kind}:${id}` };
  }

  private async send({ kind, partition, payload, headers: fields, id }: PreparedMessage): Promise<Stored> {
    return inPublishSpan({ stream: messages[kind].stream, kind, partition }, async () => {
      setOrigin(fields);
      const { duplicate, seq } = await this.store(kind, workSubject(kind, partition), payload, fields, id);
      this.published.inc({ kind, duplicate: String(duplicate) });
      annotateSpan({ 'bridge.duplicate': duplicate });
      return { duplicate, sequence: seq };
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

/** What this work began with goes along: the trace, and the time. */
function setOrigin(fields: MsgHdrs): void {
  const traceparent = currentTraceparent();
  if (traceparent) fields.set(messageHeaders.traceparent, traceparent);
  const takenAt = currentTakenAt();
  if (takenAt !== undefined) fields.set(messageHeaders.takenAt, String(takenAt));
}
