import { BridgeError } from '@bridge/contracts';
import type { RecordedSpan, SpanAttributes, SpanDescription, SpanRecorder } from './span-recorder';
import { childOf, currentPassage, parseTraceparent, runIn, type Origin, type Passage } from './trace-context';

let recorder: SpanRecorder | undefined;

/** From now on spans are recorded; undefined: no longer. One for the whole process, as the context is. */
export function recordSpans(by: SpanRecorder | undefined): void {
  recorder = by;
}

/** A span that its opener ends. */
export class OpenSpan {
  private constructor(private readonly passage: Passage) {}

  /**
   * Goes on with the trace of where the work comes from; begins one when that is missing or malformed.
   * @param describe asked only where spans are recorded, because every request and every message passes here
   */
  static from({ traceparent, takenAt }: Origin, describe: () => SpanDescription): OpenSpan {
    const parent = parseTraceparent(traceparent);
    const span = recorder?.begin(describe(), parent);
    return new OpenSpan({ ...(span?.context ?? childOf(parent)), takenAt, span });
  }

  run<T>(work: () => T): T {
    return runIn(this.passage, work);
  }

  annotate(attributes: SpanAttributes): void {
    this.passage.span?.annotate(attributes);
  }

  fail(failureClass: string): void {
    this.passage.span?.fail(failureClass);
  }

  end(): void {
    this.passage.span?.end();
  }
}

/**
 * Runs work that came from elsewhere in a span of its own. What it throws is told in the span by its class alone.
 * @param describe asked only where spans are recorded
 */
export function continueTrace<T>(
  origin: Origin,
  describe: () => SpanDescription,
  work: () => Promise<T>,
): Promise<T> {
  const span = OpenSpan.from(origin, describe);
  return toItsEnd(span, () => span.run(work));
}

/**
 * Runs a part of the work in a span below the current one. Where nothing is recorded it only runs it.
 * @param describe asked only where spans are recorded
 */
export function inSpan<T>(describe: () => SpanDescription, work: () => Promise<T>): Promise<T> {
  if (!recorder) return work();
  const passage = currentPassage();
  const span = recorder.begin(describe(), passage);
  return toItsEnd(span, () => runIn({ ...span.context, span, takenAt: passage?.takenAt }, work));
}

/** Tells more in the span of the work that runs now. */
export function annotateSpan(attributes: SpanAttributes): void {
  currentSpan()?.annotate(attributes);
}

/** Marks the span of the work that runs now as failed, where nothing is thrown. */
export function failSpan(failureClass: string): void {
  currentSpan()?.fail(failureClass);
}

/** Names the span of another trace that has to do with the work that runs now. */
export function linkSpan(traceparent: string | undefined): void {
  const other = parseTraceparent(traceparent);
  if (other) currentSpan()?.link(other);
}

/**
 * The class of a failure, for spans. The message and the name of an error that is not ours may quote what it choked on.
 */
export function failureClassOf(error: unknown): string {
  return error instanceof BridgeError ? error.failureClass : 'unexpected';
}

function currentSpan(): RecordedSpan | undefined {
  return currentPassage()?.span;
}

async function toItsEnd<T>(span: Pick<RecordedSpan, 'fail' | 'end'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    span.fail(failureClassOf(error));
    throw error;
  } finally {
    span.end();
  }
}
