import { PermanentError, type WorkStream } from '@bridge/contracts';
import { continueTrace } from '@bridge/platform';
import { Injectable } from '@nestjs/common';
import { headers, type StoredMsg } from 'nats';
import { messageHeaders, readTakenAt } from './message-headers';
import { isKind } from './message-codec';
import { partitionFor } from './partition';
import { QueueConnection } from './queue-connection';
import { QueuePublisher } from './queue-publisher';
import { parseDeadLetterSubject, parseWorkSubject } from './subject';

/** A dead letter as it is kept. */
export interface KeptDeadLetter {
  /** Names it; the order in which they were given up. */
  readonly number: number;
  readonly givenUpAt: Date;
  /** The work queue that it was in, or would have gone to. */
  readonly stream: WorkStream;
  readonly kind: string;
  /** The ordering key: a FHIR reference or a room id; undefined for what never came as far as a work queue. */
  readonly key: string | undefined;
  readonly failureClass: string;
  /** One sentence, without message text or patient data. */
  readonly reason: string;
  readonly attempts: number;
  readonly traceparent: string | undefined;
  /** Its conversation waits under this name; undefined: it went on. */
  readonly parking: string | undefined;
  /** Its place among all of its conversation: compares as text. */
  readonly place: string;
  /** When an ingress took what it began with, in milliseconds since 1970. */
  readonly takenAt: number | undefined;
  /** As it was in the queue: may hold message text and patient data. */
  readonly payload: Uint8Array;
}

/** Which dead letters; all of them, where nothing is given. */
export interface DeadLetterChoice {
  readonly numbers?: readonly number[];
  readonly stream?: WorkStream;
  readonly key?: string;
  readonly failureClass?: string;
  readonly kind?: string;
}

/** What the bridge could not do, for operators: to look at, to have done after all, or to give up for good. */
@Injectable()
export class DeadLetterBox {
  constructor(
    private readonly connection: QueueConnection,
    private readonly publisher: QueuePublisher,
  ) {}

  /**
   * The chosen dead letters, in the order in which they were given up.
   * @throws QueueUnavailableError
   */
  async choose(choice: DeadLetterChoice = {}): Promise<KeptDeadLetter[]> {
    const chosen: KeptDeadLetter[] = [];
    for (let next = 1; ;) {
      const stored = await this.connection.deadLetterFrom(next);
      if (!stored) return chosen;
      next = stored.seq + 1;
      const letter = keptIn(stored);
      if (isChosen(letter, choice)) chosen.push(letter);
    }
  }

  /**
   * Puts it on its work queue again, behind all that waits there, and takes it out of the dead letters. A process that
   * dies in between leaves it: replayed once more, it is stored or at least done once.
   * @param through the parking that lets it through; undefined: its conversation is not parked
   * @throws PermanentError `never-queued` for what cannot be replayed: it has no place in a queue
   * @throws QueueUnavailableError not stored, or not known: it is in the dead letters still
   */
  async replay(letter: KeptDeadLetter, through?: string): Promise<void> {
    const { kind, key, number, givenUpAt, place, payload } = letter;
    if (key === undefined || !isKind(kind)) throw neverQueued(letter);
    const fields = headers();
    fields.set(messageHeaders.key, key);
    fields.set(messageHeaders.place, place);
    if (through) fields.set(messageHeaders.parking, through);
    const id = `replay:${number}:${givenUpAt.getTime()}`;
    const partition = partitionFor(kind, key, this.connection.config.partitions);
    await continueTrace(
      letter,
      () => ({ name: 'replay a dead letter', kind: 'internal' }),
      () => this.publisher.publishAgain({ kind, partition, payload, headers: fields, id }),
    );
    await this.discard(letter);
  }

  /** Takes it out of the dead letters: nobody will do it. Of one that is gone already nothing is said. */
  async discard({ number }: KeptDeadLetter): Promise<void> {
    await this.connection.removeDeadLetter(number);
  }
}

function isChosen(
  letter: KeptDeadLetter,
  { numbers, stream, key, failureClass, kind }: DeadLetterChoice,
): boolean {
  return (
    (numbers?.includes(letter.number) ?? true) &&
    (stream ?? letter.stream) === letter.stream &&
    (key ?? letter.key) === letter.key &&
    (failureClass ?? letter.failureClass) === letter.failureClass &&
    (kind ?? letter.kind) === letter.kind
  );
}

function keptIn({ seq, time, subject, header, data }: StoredMsg): KeptDeadLetter {
  const field = (name: string): string | undefined => header?.get(name) || undefined;
  const original = field(messageHeaders.originalSubject);
  const { stream, kind } = parseDeadLetterSubject(subject);
  return {
    number: seq,
    givenUpAt: time,
    stream,
    kind: original === undefined ? kind : parseWorkSubject(original).kind,
    key: field(messageHeaders.key),
    failureClass: field(messageHeaders.failureClass) ?? 'unknown',
    reason: field(messageHeaders.reason) ?? '',
    attempts: Number(field(messageHeaders.attempts) ?? 0),
    traceparent: field(messageHeaders.traceparent),
    parking: field(messageHeaders.parking),
    place: field(messageHeaders.place) ?? '',
    takenAt: readTakenAt(field(messageHeaders.takenAt)),
    payload: data,
  };
}

function neverQueued({ number, kind }: KeptDeadLetter): PermanentError {
  return new PermanentError('never-queued', `Dead letter ${number} (${kind}) never was in a work queue`, {
    advice: 'Nothing can replay it. Mend what sent it, have it sent again, and discard this one.',
  });
}
