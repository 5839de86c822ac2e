import type { SpanContext } from './trace-context';

/** Values come from small sets; never an id of a person, a Room or a resource, and never text. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** What a span is called and tells. */
export interface SpanDescription {
  /** From a small set: without ids. */
  readonly name: string;
  /** `server` and `consumer` for what came from elsewhere, `client` and `producer` for what goes there. */
  readonly kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  readonly attributes?: SpanAttributes;
  /** Milliseconds since 1970; now, where left out. */
  readonly startedAt?: number;
}

/** A span that is being recorded. */
export interface RecordedSpan {
  readonly context: SpanContext;
  annotate(attributes: SpanAttributes): void;
  /** Names a span of another trace that has to do with this one. */
  link(other: SpanContext): void;
  fail(failureClass: string): void;
  end(): void;
}

/** Records spans; where there is none, traces are in log lines and headers only. */
export interface SpanRecorder {
  /** @param parent undefined: the first span of a new trace */
  begin(description: SpanDescription, parent: SpanContext | undefined): RecordedSpan;
}
