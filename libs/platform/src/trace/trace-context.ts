import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

interface Trace {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: string;
}

const current = new AsyncLocalStorage<Trace>();

/** W3C Trace Context, section 3.2.2: all-zero ids and version ff are invalid; later versions may append fields. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;

/**
 * Runs work as a child span of the trace that `traceparent` names, so that one trace id follows a message through
 * every process. A missing or malformed header starts a new trace.
 */
export function runWithTrace<T>(traceparent: string | undefined, work: () => T): T {
  return current.run({ ...parse(traceparent), spanId: randomBytes(8).toString('hex') }, work);
}

/** The `traceparent` header for what is sent from here, or undefined outside of any trace. */
export function currentTraceparent(): string | undefined {
  const trace = current.getStore();
  return trace && `00-${trace.traceId}-${trace.spanId}-${trace.flags}`;
}

/** The trace id for log lines, or undefined outside of any trace. */
export function currentTraceId(): string | undefined {
  return current.getStore()?.traceId;
}

function parse(traceparent: string | undefined): Omit<Trace, 'spanId'> {
  const [, version, traceId, flags, rest] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const valid = traceId !== undefined && flags !== undefined && (version !== '00' || rest === undefined);
  return valid ? { traceId, flags } : { traceId: randomBytes(16).toString('hex'), flags: '01' };
}
