import { TransientError } from '@bridge/contracts';
import { annotateSpan, continueTrace, failSpan, inSpan, linkSpan, OpenSpan, recordSpans } from './span';
import type { SpanDescription, SpanRecorder } from './span-recorder';
import { childOf, countingFrom, currentTakenAt, currentTraceparent, type SpanContext } from './trace-context';

const traceId = 'ab'.repeat(16);
const traceparent = `00-${traceId}-${'cd'.repeat(8)}-01`;
const taking = (): SpanDescription => ({ name: 'take', kind: 'consumer' });
const calling = (): SpanDescription => ({ name: 'call', kind: 'client' });

/** What was recorded, in the order of the ends. */
let told: string[];

/** Takes down what it is told. The real one: test/observability. */
const recorder: SpanRecorder = {
  begin({ name }, parent) {
    const context = childOf(parent);
    const facts: string[] = [];
    return {
      context,
      annotate: (attributes) => void facts.push(JSON.stringify(attributes)),
      link: (other: SpanContext) => void facts.push(`link ${other.traceId.slice(0, 2)}`),
      fail: (failureClass) => void facts.push(`fail ${failureClass}`),
      end: () =>
        void told.push(
          [name, `in ${context.traceId.slice(0, 2)} below ${parent?.spanId ?? 'nothing'}`, ...facts].join(
            ', ',
          ),
        ),
    };
  },
};

beforeEach(() => {
  told = [];
});
afterEach(() => recordSpans(undefined));

const spanIdNow = () => currentTraceparent()?.slice(36, 52);

describe('while nothing is recorded', () => {
  it('a part of the work has the trace of the whole, and nothing is told', async () => {
    await continueTrace({ traceparent }, taking, async () => {
      const outside = currentTraceparent();
      await inSpan(calling, async () => {
        annotateSpan({ status: 200 });
        failSpan('refused');
        linkSpan(traceparent);
        expect(currentTraceparent()).toBe(outside);
      });
    });
  });

  it('no span is described', async () => {
    const describe = jest.fn(calling);
    OpenSpan.from({ traceparent }, describe).end();
    await continueTrace({ traceparent }, describe, () => inSpan(describe, async () => undefined));
    expect(describe).not.toHaveBeenCalled();

    recordSpans(recorder);
    OpenSpan.from({ traceparent }, describe).end();
    await continueTrace({ traceparent }, describe, () => inSpan(describe, async () => undefined));
    expect(describe).toHaveBeenCalledTimes(3);
  });

  it('work outside of any trace stays outside', async () => {
    await inSpan(calling, async () => expect(currentTraceparent()).toBeUndefined());
  });
});

describe('while spans are recorded', () => {
  beforeEach(() => recordSpans(recorder));

  it('a part of the work is below the whole, and what is told goes to the one that runs', async () => {
    let outer: string | undefined;
    await continueTrace({ traceparent }, taking, async () => {
      outer = spanIdNow();
      await inSpan(calling, async () => annotateSpan({ status: 200 }));
      linkSpan(`00-${'ef'.repeat(16)}-${'cd'.repeat(8)}-01`);
    });
    expect(told).toEqual([
      `call, in ab below ${outer}, {"status":200}`,
      `take, in ab below ${'cd'.repeat(8)}, link ef`,
    ]);
  });

  it('what is thrown is told by its class alone, and goes on', async () => {
    const away = new TransientError('server-away', 'Mrs Jansen', { advice: 'Wait.' });
    await expect(continueTrace({}, taking, () => Promise.reject(away))).rejects.toBe(away);
    const strange = new Error('cannot read Mrs Jansen');
    await expect(inSpan(calling, () => Promise.reject(strange))).rejects.toBe(strange);
    expect(told.map((line) => line.split(', ').at(-1))).toEqual(['fail server-away', 'fail unexpected']);
    expect(told.join()).toContain('below nothing');
  });

  it('a link to what is no traceparent is none', async () => {
    await continueTrace({ traceparent }, taking, async () => linkSpan('nonsense'));
    expect(told.join()).not.toContain('link');
  });
});

describe('the time that work counts from', () => {
  it('stays that of the ingress in every part of it', async () => {
    recordSpans(recorder);
    await continueTrace({ takenAt: 5 }, taking, () =>
      inSpan(calling, async () => {
        expect(currentTakenAt()).toBe(5);
        countingFrom(9, () => expect(currentTakenAt()).toBe(5));
      }),
    );
    expect(told).toHaveLength(2);
  });

  it('is another one where no ingress has said it, for a part of the work alone', async () => {
    await continueTrace({}, taking, async () => {
      expect(countingFrom(9, currentTakenAt)).toBe(9);
      expect(currentTakenAt()).toBeUndefined();
    });
  });
});
