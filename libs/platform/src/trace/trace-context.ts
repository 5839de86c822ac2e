import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { RecordedSpan } from './span-recorder';

/** A span as others name it (W3C Trace Context, section 3.2). */
export interface SpanContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Two hexadecimal digits; the lowest bit tells whether the trace is recorded. */
  readonly flags: string;
}

/** Where work comes from, as it is told from one process to the next. */
export interface Origin {
  readonly traceparent?: string;
  /** When an ingress took what it began with, in milliseconds since 1970 by the clock of that ingress. */
  readonly takenAt?: number;
}

/** What goes along with work through every `await`. */
export interface Passage extends SpanContext {
  readonly takenAt?: number;
  /** Of this context, where it is recorded. */
  readonly span?: RecordedSpan;
}

/** All-zero ids and version ff are invalid; later versions may append fields (W3C Trace Context, section 3.2.2). */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = '01';

const current = new AsyncLocalStorage<Passage>();

/** What goes along with the work that runs now; undefined outside of any trace. */
export function currentPassage(): Passage | undefined {
  return current.getStore();
}

/** Runs work with this going along. */
export function runIn<T>(passage: Passage, work: () => T): T {
  return current.run(passage, work);
}

/** The `traceparent` header for what is sent from here, or undefined outside of any trace. */
export function currentTraceparent(): string | undefined {
  const passage = current.getStore();
  return passage && `00-${passage.traceId}-${passage.spanId}-${passage.flags}`;
}

/** The trace id for log lines, or undefined outside of any trace. */
export function currentTraceId(): string | undefined {
  return current.getStore()?.traceId;
}

/** When an ingress took what this work began with, in milliseconds since 1970; undefined where it began by itself. */
export function currentTakenAt(): number | undefined {
  return current.getStore()?.takenAt;
}

/** Runs work whose time counts from this instant, in milliseconds since 1970, unless an ingress has said from when. */
export function countingFrom<T>(instant: number, work: () => T): T {
  const passage = current.getStore();
  return !passage || passage.takenAt !== undefined
    ? work()
    : current.run({ ...passage, takenAt: instant }, work);
}

/** The span that a `traceparent` names; undefined for a missing or malformed one. */
export function parseTraceparent(traceparent: string | undefined): SpanContext | undefined {
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return version === '00' && rest !== undefined ? undefined : { traceId, spanId, flags };
}

/** A span below another one; without one, the first of a new trace. */
export function childOf(parent: SpanContext | undefined): SpanContext {
  const { traceId, flags } = parent ?? { traceId: randomBytes(16).toString('hex'), flags: SAMPLED };
  return { traceId, spanId: randomBytes(8).toString('hex'), flags };
}
