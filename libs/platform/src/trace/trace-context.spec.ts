import { continueTrace } from './span';
import type { SpanDescription } from './span-recorder';
import { currentTraceId, currentTraceparent } from './trace-context';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

const told = (): SpanDescription => ({ name: 'test', kind: 'consumer' });

const runWithTrace = <T>(traceparent: string | undefined, work: () => T): Promise<T> =>
  continueTrace({ traceparent }, told, async () => work());

describe('continueTrace', () => {
  it('goes on with the trace of the header in a span of its own', async () => {
    const header = await runWithTrace(`00-${TRACE_ID}-${SPAN_ID}-00`, currentTraceparent);
    expect(header).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
    expect(header).not.toContain(SPAN_ID);
  });

  it('goes on with a header of a later version', async () => {
    expect(await runWithTrace(`01-${TRACE_ID}-${SPAN_ID}-01-more`, currentTraceId)).toBe(TRACE_ID);
  });

  it.each([
    ['a missing header', undefined],
    ['a header that is no traceparent', 'hello'],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN_ID}-01`],
    ['a span id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['the forbidden version', `ff-${TRACE_ID}-${SPAN_ID}-01`],
    ['more than version 00 has', `00-${TRACE_ID}-${SPAN_ID}-01-more`],
    ['upper case', `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`],
  ])('starts a new trace for %s', async (_, header) => {
    const started = await runWithTrace(header, currentTraceparent);
    expect(started).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(started).not.toContain(TRACE_ID);
    expect(await runWithTrace(header, currentTraceparent)).not.toBe(started);
  });

  it('stays with the work across awaits and ends with it', async () => {
    const ids = await Promise.all(
      [1, 2].map(() =>
        continueTrace({}, told, async () => {
          const before = currentTraceId();
          await new Promise(setImmediate);
          expect(currentTraceId()).toBe(before);
          return before;
        }),
      ),
    );
    expect(ids[0]).not.toBe(ids[1]);
    expect(currentTraceparent()).toBeUndefined();
  });
});
