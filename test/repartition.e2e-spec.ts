import { QueueConnection } from '@bridge/queue';
import { callBridge } from './support/ended-program';
import { HandledNumbers, publishNumbered } from './support/numbered-messages';
import { QueueFixture } from './support/queue-fixture';
import { until } from './support/until';

/* `bridge queue repartition`, as an operator calls it: the built program and a real nats-server. */

const keys = 10;
const perKey = 20;

let fixture: QueueFixture;

beforeAll(async () => {
  fixture = await QueueFixture.start();
}, 30_000);

afterAll(() => fixture?.stop(), 30_000);

afterEach(() => fixture.endTest());

async function repartition(partitions: number): Promise<{ code: number; stderr: string }> {
  const settings = { NATS_URL: fixture.config.url, NATS_PARTITIONS: String(partitions) };
  const { code, stderr } = await callBridge(['queue', 'repartition'], settings);
  return { code, stderr };
}

/** Whether a process with this number of partitions may start. */
async function mayStart(partitions: number): Promise<boolean> {
  const connection = await QueueConnection.open({ ...fixture.config, partitions }).catch(() => undefined);
  await connection?.close();
  return connection !== undefined;
}

it.each([7, 2])(
  'changes 4 partitions to %i amid a conversation, without loss and in order',
  async (more) => {
    const log = new HandledNumbers();
    const old = await fixture.worker((message) => log.add(message));
    await publishNumbered(old.publisher, { keys, perKey });
    await until('the empty queue', async () => (await fixture.backlog()) === 0);
    await old.close();

    expect(await repartition(more)).toEqual({
      code: 0,
      stderr: `MAPPING had 4 partitions and has ${more}\nROOMS had 4 partitions and has ${more}\n`,
    });
    expect(await mayStart(4)).toBe(false);
    fixture.config = { ...fixture.config, partitions: more };
    // What comes next is there before the workers are, as from an ingress that was started first.
    await publishNumbered(await fixture.publisher(), { keys, perKey, from: perKey });
    await fixture.worker((message) => log.add(message));
    await fixture.worker((message) => log.add(message));
    await log.reaches(2 * keys * perKey);
    expect(log.orderViolations).toEqual([]);
    expect(log.repeats).toBe(0);
    await until('the empty queue', async () => (await fixture.backlog()) === 0);
  },
  60_000,
);

it('changes nothing while messages wait', async () => {
  const queue = await fixture.publisher();
  await queue.publish('fhir.pull', 'room', { source: 'ehr' }, { id: '1' });
  expect(await repartition(8)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Messages wait in MAPPING: 1. Stop the ingresses') as string,
  });
  expect(await mayStart(4)).toBe(true);
  expect(await fixture.backlog()).toBe(1);
}, 30_000);

it('changes nothing while a worker is at work', async () => {
  await fixture.worker(() => undefined);
  expect(await repartition(8)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('A worker is at work on MAPPING. Stop the ingresses') as string,
  });
  expect(await mayStart(4)).toBe(true);
}, 30_000);

it('does the rest when it was cut off between the two queues', async () => {
  await fixture.publisher();
  const { config } = await fixture.manager.streams.info('MAPPING');
  await fixture.manager.streams.update('MAPPING', { metadata: { ...config.metadata, partitions: '8' } });
  expect(await mayStart(4)).toBe(false);
  expect(await mayStart(8)).toBe(false);
  expect((await repartition(8)).code).toBe(0);
  expect(await mayStart(8)).toBe(true);
}, 30_000);
