import type { MessageKind, MessageOf, Parking, WorkStream } from '@bridge/contracts';
import { Injectable } from '@nestjs/common';
import type { StoredMsg } from 'nats';
import { MalformedMessageError, UnknownKindError } from './errors';
import { decodeMessage } from './message-codec';
import { messageHeaders } from './message-headers';
import { partitionOf } from './partition';
import { QueueConnection } from './queue-connection';
import type { QueueContext } from './queue-context';
import { workStreams } from './streams';
import { parseWorkSubject } from './subject';

/** A message that waits for its turn. */
export type WaitingMessage = {
  [K in MessageKind]: { readonly kind: K; readonly data: MessageOf<K>; readonly storedAt: Date };
}[MessageKind];

/** What waits in the queue. Looking takes nothing out. */
@Injectable()
export class QueueBacklog {
  constructor(private readonly connection: QueueConnection) {}

  /**
   * What waits behind a message in its partition, oldest first: none of it leaves before that one. What is not a
   * message of this version is passed over.
   * @throws QueueUnavailableError
   */
  async *behind({ stream, partition, sequence }: QueueContext): AsyncGenerator<WaitingMessage> {
    for await (const stored of this.stored(stream, partition, sequence + 1)) {
      const waiting = read(stored.subject, stored.data, stored.time);
      if (waiting) yield waiting;
    }
  }

  /**
   * How many messages wait that have one of these ordering keys, or are being worked on. What waits in the background for
   * other servers is in no line, and not looked at.
   * @throws QueueUnavailableError
   */
  async countOf(keys: readonly string[]): Promise<number> {
    const partitions = new Set(keys.map((key) => partitionOf(key, this.connection.config.partitions)));
    let count = 0;
    for (const stream of workStreams)
      for (const partition of partitions) count += await this.countIn(stream, partition, new Set(keys));
    return count;
  }

  private async countIn(stream: WorkStream, partition: number, keys: ReadonlySet<string>): Promise<number> {
    let count = 0;
    for await (const { header } of this.stored(stream, partition)) {
      if (keys.has(header?.get(messageHeaders.key) ?? '')) count += 1;
    }
    return count;
  }

  /**
   * Whether a message of a parked conversation lies ahead of one that was replayed. Were the parking lifted now, the
   * later one would be done first; while it lasts, a worker sets it aside.
   * @throws QueueUnavailableError
   */
  async isAheadOfReplayed({ stream, key, parking }: Parking): Promise<boolean> {
    const partition = partitionOf(key, this.connection.config.partitions);
    let isOneAhead = false;
    for await (const { header } of this.stored(stream, partition)) {
      if (header?.get(messageHeaders.key) !== key) continue;
      const isReplayed = header.get(messageHeaders.parking) === parking;
      if (isReplayed && isOneAhead) return true;
      isOneAhead ||= !isReplayed;
    }
    return false;
  }

  /** What a partition holds from a sequence number on, oldest first. */
  private async *stored(stream: WorkStream, partition: number, first = 1): AsyncGenerator<StoredMsg> {
    for (let from = first; ;) {
      const stored = await this.connection.storedFrom(stream, partition, from);
      if (!stored) return;
      yield stored;
      from = stored.seq + 1;
    }
  }
}

function read(subject: string, payload: Uint8Array, storedAt: Date): WaitingMessage | undefined {
  const kind = parseWorkSubject(subject).kind as MessageKind;
  try {
    return { kind, data: decodeMessage(kind, payload), storedAt } as WaitingMessage;
  } catch (error) {
    if (error instanceof MalformedMessageError || error instanceof UnknownKindError) return undefined;
    throw error;
  }
}
