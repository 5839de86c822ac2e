import type { WorkStream } from '@bridge/contracts';
import { headers, type MsgHdrs } from 'nats';
import { messageHeaders } from './message-headers';
import { deadLetterSubject } from './subject';

/** What failed for good, and what an operator needs to judge and to replay it. */
export interface DeadLetter {
  /** The work queue that it was in, or would have gone to. */
  readonly stream: WorkStream;
  /** Left out for what never came as far as a work queue. */
  readonly partition?: number;
  readonly kind: string;
  /** One sentence, without message text or patient data. */
  readonly reason: string;
  readonly failureClass: string;
  /** Verbatim where it came from the queue; anything else is written as JSON. */
  readonly payload: unknown;
  /** Names the message within its stream: the same id twice within two minutes is stored once. */
  readonly id: string;
  /** Deliveries, the last one counted; 0 for what was never queued. */
  readonly attempts: number;
  readonly key?: string;
  readonly originalSubject?: string;
  /** Its conversation waits, under this name, until it is replayed or discarded. */
  readonly parking?: string;
  /** Its place among all of its conversation: compares as text. */
  readonly place?: string;
  readonly traceparent?: string;
  /** When an ingress took what it began with, in milliseconds since 1970. */
  readonly takenAt?: number;
}

/** A dead letter as it is published. */
export interface DeadLetterMessage {
  readonly subject: string;
  readonly id: string;
  readonly headers: MsgHdrs;
  readonly payload: Uint8Array;
}

/** Writes a dead letter down as a message for the stream of dead letters. */
export function deadLetterMessage(letter: DeadLetter): DeadLetterMessage {
  const fields: Record<string, string | undefined> = {
    [messageHeaders.reason]: oneLine(letter.reason),
    [messageHeaders.failureClass]: letter.failureClass,
    [messageHeaders.attempts]: String(letter.attempts),
    [messageHeaders.originalSubject]: letter.originalSubject,
    [messageHeaders.key]: letter.key,
    [messageHeaders.parking]: letter.parking,
    [messageHeaders.place]: letter.place,
    [messageHeaders.traceparent]: letter.traceparent,
    [messageHeaders.takenAt]: letter.takenAt?.toString(),
  };
  const written = headers();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) written.set(name, value);
  }
  return {
    subject: deadLetterSubject(letter.stream, letter.partition, letter.kind),
    id: `${letter.stream}:${letter.id}`,
    headers: written,
    payload:
      letter.payload instanceof Uint8Array
        ? letter.payload
        : Buffer.from(JSON.stringify(letter.payload ?? null)),
  };
}

/** A line break ends a header: the client library refuses one in a value. Short, because headers count as payload. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 500);
}
