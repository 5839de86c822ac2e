import { DeadLetterBox, messageHeaders, type QueuePublisher } from '@bridge/queue';
import type { AuditEvent } from '@medplum/fhirtypes';
import { queryDatabase } from './support/database';
import { callBridge, type Ended } from './support/ended-program';
import { headersOf, QueueFixture } from './support/queue-fixture';

/* `bridge dead-letters`, as an operator calls it: the built program, a real nats-server, the real database. */

const conversation = 'CommunicationRequest/r';
const said = 'She is dizzy';

let fixture: QueueFixture;
let publisher: QueuePublisher;

beforeAll(async () => {
  fixture = await QueueFixture.start();
}, 30_000);

afterAll(() => fixture?.stop(), 30_000);

beforeEach(async () => {
  publisher = await fixture.publisher();
  for (const table of ['audit_log', 'parked_conversation'])
    await queryDatabase(process.env.TEST_DATABASE_URL!, `DELETE FROM ${table}`);
});

afterEach(() => fixture.endTest());

const bridge = (...args: string[]): Promise<Ended> =>
  callBridge(['dead-letters', ...args], {
    NATS_URL: fixture.config.url,
    NATS_PARTITIONS: String(fixture.config.partitions),
    DATABASE_URL: process.env.TEST_DATABASE_URL,
    MATRIX_SERVER_NAME: 'care.example',
    FHIR_BASE_URL: 'http://127.0.0.1:9/fhir',
  });

/** Given up in this order: numbers 1, 2, 3 … */
async function giveUp(...keys: (string | undefined)[]): Promise<void> {
  for (const [index, key] of keys.entries()) {
    const version = String(index + 1);
    const payload = { conversation: key, source: 'Communication/c', version, content: { body: said } };
    await publisher.deadLetter({
      stream: 'ROOMS',
      kind: 'command.send-message',
      ...(key === undefined ? {} : { partition: 0, key, originalSubject: 'rooms.0.command.send-message' }),
      reason: 'The homeserver said no.',
      failureClass: index === 1 ? 'too-large' : 'homeserver-refused',
      payload,
      id: version,
      attempts: 3,
    });
  }
}

/** The first one was given up, the others wait for it. */
async function park(count: number): Promise<void> {
  const parking = 'ROOMS-1-1';
  for (let place = 1; place <= count; place++)
    await publisher.deadLetter({
      stream: 'ROOMS',
      kind: 'command.send-message',
      partition: 0,
      key: conversation,
      originalSubject: 'rooms.0.command.send-message',
      reason: place === 1 ? 'The homeserver said no.' : 'An earlier message was given up.',
      failureClass: place === 1 ? 'homeserver-refused' : 'parked',
      payload: { conversation, source: 'Communication/c', version: String(place), content: { body: said } },
      id: String(place),
      attempts: 1,
      parking,
      place: String(place),
    });
  await queryDatabase(
    process.env.TEST_DATABASE_URL!,
    'INSERT INTO parked_conversation (stream, key, parking, failure_class) VALUES ($1, $2, $3, $4)',
    ['ROOMS', conversation, parking, 'homeserver-refused'],
  );
}

async function numbersLeft(): Promise<number[]> {
  const { stdout } = await bridge('list', '--json');
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { number: number }).number);
}

/** What waits in the queue to room-manager, in its order. */
async function waiting() {
  const { state } = await fixture.manager.streams.info('ROOMS');
  const messages = [];
  for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++)
    messages.push(await fixture.manager.streams.getMessage('ROOMS', { seq }));
  return messages.map((message) => ({
    subject: message.subject,
    key: headersOf(message)[messageHeaders.key],
    version: message.json<{ version: string }>().version,
  }));
}

async function audited(): Promise<AuditEvent[]> {
  const rows = await queryDatabase<{ content: string }>(
    process.env.TEST_DATABASE_URL!,
    'SELECT content FROM audit_log ORDER BY sequence',
  );
  return rows.map(({ content }) => JSON.parse(content) as AuditEvent);
}

describe('bridge dead-letters', () => {
  it('lists what was given up, by what was chosen, without what it says', async () => {
    await giveUp(conversation, conversation, 'CareTeam/t');
    const { code, stdout, stderr } = await bridge('list');
    expect(code).toBe(0);
    for (const shown of ['command.send-message', conversation, 'too-large', 'The homeserver said no.'])
      expect(stdout).toContain(shown);
    expect(stdout + stderr).not.toContain(said);
    expect(stderr).toBe('3 dead letters\n');
    expect(await numbersLeft()).toEqual([1, 2, 3]);
    expect((await bridge('list', '--key', conversation, '--class', 'too-large')).stderr).toBe(
      '1 dead letters\n',
    );
  }, 60_000);

  it('shows one; what it says on request only, and the audit tells who looked', async () => {
    await giveUp(conversation);
    const { stdout } = await bridge('show', '1');
    expect(JSON.parse(stdout)).toMatchObject({ number: 1, key: conversation, attempts: 3, stream: 'ROOMS' });
    expect(stdout).not.toContain(said);
    expect(await audited()).toEqual([]);
    expect((await bridge('show', '1', '--content', '--operator', 'noor')).stdout).toContain(said);
    const [event] = await audited();
    expect(event).toMatchObject({ action: 'E', outcome: '0', outcomeDesc: 'dead letter read' });
    expect(event!.agent[0]).toMatchObject({ name: 'noor', requestor: true });
    expect(JSON.stringify(event)).toContain('Communication/c');
    expect(JSON.stringify(event)).not.toContain(said);
  }, 60_000);

  it('replays a conversation in order, each once, told in the audit', async () => {
    await giveUp(conversation, 'CareTeam/t', conversation);
    const { code, stderr } = await bridge('replay', '--key', conversation);
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/2 replayed\n$/) as string,
    });
    const [first, second, ...more] = await waiting();
    expect([first, second]).toMatchObject([
      { key: conversation, version: '1' },
      { key: conversation, version: '3' },
    ]);
    expect(first!.subject).toBe(second!.subject);
    expect(more).toEqual([]);
    expect(await numbersLeft()).toEqual([2]);
    expect((await audited()).map(({ outcomeDesc }) => outcomeDesc)).toEqual([
      'dead letter replayed',
      'dead letter replayed',
    ]);
    expect(await bridge('replay', '--key', conversation)).toMatchObject({ code: 0, stderr: '0 replayed\n' });
    expect(await bridge('replay', '1')).toMatchObject({ code: 1 });
    expect(await waiting()).toHaveLength(2);
  }, 60_000);

  it('stores once what is replayed twice, by two operators or after a crash', async () => {
    await giveUp(conversation);
    const connection = await fixture.connection();
    const box = new DeadLetterBox(connection, publisher);
    for (const letter of await box.choose()) {
      await box.replay(letter);
      await box.replay(letter);
    }
    expect(await waiting()).toHaveLength(1);
    expect(await numbersLeft()).toEqual([]);
  }, 60_000);

  it('does not replay what never was in a queue, and says what to do', async () => {
    await giveUp(undefined);
    const { code, stderr } = await bridge('replay', '1');
    expect(code).toBe(1);
    expect(stderr).toContain('never was in a work queue');
    expect(await numbersLeft()).toEqual([1]);
    expect(await waiting()).toEqual([]);
  }, 60_000);

  it('discards with a reason that the audit keeps, and not without', async () => {
    await giveUp(conversation, conversation);
    expect(await bridge('discard', '1')).toMatchObject({ code: 1 });
    expect(await bridge('discard', '1', '--reason', 'sent by\npost')).toMatchObject({ code: 0 });
    expect(await numbersLeft()).toEqual([2]);
    expect(await waiting()).toEqual([]);
    expect((await audited()).map(({ outcomeDesc }) => outcomeDesc)).toEqual([
      'dead letter discarded: sent by post',
    ]);
  }, 60_000);

  it('tells which conversations are parked', async () => {
    await park(3);
    const { stdout, stderr } = await bridge('parked', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      stream: 'ROOMS',
      key: conversation,
      failureClass: 'homeserver-refused',
      waiting: 3,
    });
    expect(stderr).toBe('');
    expect((await bridge('parked')).stdout).toContain(conversation);
  }, 60_000);

  it('replays a parked conversation whole, whichever of it is named, and lets it go on', async () => {
    await park(3);
    const { code, stderr } = await bridge('replay', '2');
    expect(code).toBe(0);
    expect(stderr).toContain(`${conversation} goes on\n3 replayed\n`);
    expect((await waiting()).map(({ version }) => version)).toEqual(['1', '2', '3']);
    expect(await numbersLeft()).toEqual([]);
    expect((await bridge('parked', '--json')).stdout).toBe('');
  }, 60_000);

  it('keeps a conversation parked until the last of it is discarded or replayed', async () => {
    await park(2);
    expect((await bridge('discard', '1', '--reason', 'told by phone')).stderr).toContain('is parked still');
    expect((await bridge('parked', '--json')).stdout).toContain('"waiting":1');
    expect((await bridge('discard', '2', '--reason', 'told by phone')).stderr).toContain(
      `${conversation} goes on`,
    );
    expect((await bridge('parked', '--json')).stdout).toBe('');
  }, 60_000);

  it('takes none for all by an oversight', async () => {
    await giveUp(conversation);
    const { code, stderr } = await bridge('replay');
    expect(code).toBe(1);
    expect(stderr).toContain('Say which');
    expect(await numbersLeft()).toEqual([1]);
  }, 60_000);
});
