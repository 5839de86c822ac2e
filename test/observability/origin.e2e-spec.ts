import { PermanentError, TransientError } from '@bridge/contracts';
import { continueTrace, currentTakenAt, currentTraceparent, type SpanDescription } from '@bridge/platform';
import { DeadLetterBox } from '@bridge/queue';
import { headersOf, QueueFixture } from '../support/queue-fixture';
import { until } from '../support/until';

/* Where work comes from and since when, as it goes from message to message: with no collector, on a real nats-server. */

const traceId = 'ab'.repeat(16);
const traceparent = `00-${traceId}-${'cd'.repeat(8)}-01`;
const takenAt = Date.parse('2026-01-31T12:00:00Z');
const taking = (): SpanDescription => ({ name: 'test', kind: 'server' });

let fixture: QueueFixture;

beforeAll(async () => {
  fixture = await QueueFixture.start();
}, 30_000);

afterAll(() => fixture?.stop(), 30_000);
afterEach(() => fixture.endTest());

it('the trace and the time are those of the ingress in every hop, at every try, as a dead letter and when that is replayed', async () => {
  const seen: object[] = [];
  let fault: Error | undefined = new TransientError('away', 'Away.', { advice: 'Wait.' });
  const worker = await fixture.worker(async ({ source }, { attempts }) => {
    seen.push({ source, attempts, trace: currentTraceparent()?.slice(3, 35), takenAt: currentTakenAt() });
    if (source === 'first') {
      await worker.publisher.publish('fhir.pull', 'room', { source: 'next' }, { id: 'next' });
    } else if (fault) {
      const thrown = fault;
      fault =
        attempts === 1 ? new PermanentError('fhir-refused', 'Refused.', { advice: 'Look.' }) : undefined;
      throw thrown;
    }
  });
  const queue = await fixture.publisher();
  await continueTrace({ traceparent, takenAt }, taking, () =>
    queue.publish('fhir.pull', 'room', { source: 'first' }, { id: 'first' }),
  );

  const letter = await fixture.deadLetter();
  expect(headersOf(letter)).toMatchObject({ 'Bridge-Taken-At': String(takenAt) });
  expect(headersOf(letter).traceparent).toContain(traceId);
  await until('the end of the delivery', async () => (await fixture.backlog()) === 0);

  const box = new DeadLetterBox(await fixture.connection(), queue);
  for (const kept of await box.choose()) await box.replay(kept);
  await until('the replay', () => seen.length === 4);
  const same = { trace: traceId, takenAt };
  expect(seen).toEqual([
    { source: 'first', attempts: 1, ...same },
    { source: 'next', attempts: 1, ...same },
    { source: 'next', attempts: 2, ...same },
    { source: 'next', attempts: 1, ...same },
  ]);
}, 30_000);

it('a message that began by itself has no time, and one of an older version or with a strange header none either', async () => {
  const seen: (number | undefined)[] = [];
  await fixture.worker(() => void seen.push(currentTakenAt()));
  const queue = await fixture.publisher();
  await queue.publish('fhir.pull', 'ehr', { source: 'ehr' }, { id: '1' });
  const { headers } = await import('nats');
  const strange = headers();
  strange.set('Bridge-Taken-At', 'yesterday');
  const payload = Buffer.from('{"source":"x"}');
  await queue.publishAgain({ kind: 'fhir.pull', partition: 0, payload, headers: strange, id: '2' });
  await until('both', () => seen.length === 2);
  expect(seen).toEqual([undefined, undefined]);
}, 30_000);
