import { messages, type MessageKind, type WorkStream } from '@bridge/contracts';

/** Everything that failed for good, of both work queues. */
export const deadLetterStream = 'DEAD_LETTERS';

/** The subject of one message in a work queue: `<stream>.<partition>.<kind>`. */
export function workSubject(kind: MessageKind, partition: number): string {
  return `${messages[kind].stream.toLowerCase()}.${partition}.${kind}`;
}

/** What one partition's consumer reads. */
export function partitionSubjects(stream: WorkStream, partition: number): string {
  return `${stream.toLowerCase()}.${partition}.>`;
}

/** Partition and kind in a work subject. A kind holds dots itself, so it is all that follows the second one. */
export function parseWorkSubject(subject: string): { partition: number; kind: string } {
  const [, partition, ...kind] = subject.split('.');
  return { partition: Number(partition), kind: kind.join('.') };
}

/**
 * The subject of a dead letter: `dead.<STREAM>.<partition>.<kind>`.
 * The kind may be an event type that a stranger chose: what has a meaning in a subject (`*`, `>`, blanks, empty tokens) is replaced.
 * The partition is `none` for what never came as far as a work queue.
 */
export function deadLetterSubject(stream: WorkStream, partition: number | undefined, kind: string): string {
  const tokens = kind
    .slice(0, 128)
    .split('.')
    .map((token) => token.replace(/[^A-Za-z0-9_-]/g, '_') || '_');
  return `dead.${stream}.${partition ?? 'none'}.${tokens.join('.')}`;
}

/** Work queue and kind in the subject of a dead letter; the kind without what a subject cannot hold. */
export function parseDeadLetterSubject(subject: string): { stream: WorkStream; kind: string } {
  const [, stream, , ...kind] = subject.split('.');
  return { stream: stream as WorkStream, kind: kind.join('.') };
}
