import { randomUUID } from 'node:crypto';
import { type DeadLetterClass, FhirRef, type ParkedConversation, PermanentError } from '@bridge/contracts';
import { ParkedConversationStore } from '@bridge/persistence';
import { DeadLetterBox, QueueBacklog, type QueuePublisher } from '@bridge/queue';
import type { TestingModule } from '@nestjs/testing';
import { DeadLetterCommands } from '../apps/cli/src/dead-letter-commands';
import type { OperatorAudit } from '../apps/cli/src/operator-audit';
import { ParkedReplay } from '../apps/cli/src/parked-replay';
import { queryDatabase } from './support/database';
import { QueueFixture } from './support/queue-fixture';
import { openStores } from './support/stores';
import { until } from './support/until';

/* Conversations whose later messages wait for one that was given up: a real nats-server, the real database. */

let fixture: QueueFixture;
let nest: TestingModule;
let parked: ParkedConversationStore;
let queue: QueuePublisher;
let box: DeadLetterBox;
let parkedReplay: ParkedReplay;

/** What the worker has done, in its order, and which messages it gives up as what. */
const done: string[] = [];
const refused = new Map<string, DeadLetterClass>();

beforeAll(async () => {
  [fixture, nest] = await Promise.all([QueueFixture.start(), openStores()]);
  parked = nest.get(ParkedConversationStore);
}, 30_000);

afterAll(async () => {
  await Promise.all([fixture?.stop(), nest?.close()]);
}, 30_000);

beforeEach(async () => {
  done.length = 0;
  refused.clear();
  await queryDatabase(process.env.TEST_DATABASE_URL!, 'DELETE FROM parked_conversation');
  fixture.config = { ...fixture.config, parkOn: ['conversation-unknown'] };
  queue = await fixture.publisher();
  const connection = await fixture.connection();
  box = new DeadLetterBox(connection, queue);
  parkedReplay = new ParkedReplay(box, parked, new QueueBacklog(connection));
});

afterEach(() => fixture.endTest());

const worker = () =>
  fixture.worker(
    ({ versionId, source }) => {
      const message = String(versionId ?? source);
      const failureClass = refused.get(message);
      if (failureClass) throw new PermanentError(failureClass, 'No.', { advice: 'Mend it.' });
      done.push(message);
    },
    { parked },
  );

/** Versions of one resource, in the conversation named: what they are called is what the worker notes. */
async function publish(conversation: string, ...versions: string[]): Promise<void> {
  const ref = FhirRef.parse('Communication/c');
  for (const versionId of versions) {
    const message = { ref, versionId, lastUpdated: '2026-11-22T10:00:00Z' };
    await queue.publish('fhir.changed', conversation, message, { id: randomUUID() });
  }
}

async function letters(): Promise<{ version: string; failureClass: string }[]> {
  const kept = await box.choose();
  return kept.map(({ payload, failureClass }) => {
    const { versionId } = JSON.parse(Buffer.from(payload).toString('utf8')) as { versionId: string };
    return { version: versionId, failureClass };
  });
}

const emptyQueue = () => until('the empty queue', async () => (await fixture.backlog()) === 0);

const first = 'CommunicationRequest/1';

async function replay(): Promise<string> {
  const [conversation] = await parked.list();
  return parkedReplay.replay(conversation!, (letter, through) => box.replay(letter, through));
}

/** Parked is `a`, and `b` came to the queue when no worker was there to set it aside. */
async function parkedWithOneOnTheQueue(): Promise<void> {
  refused.set('a', 'conversation-unknown');
  const before = await worker();
  await publish(first, 'a');
  await emptyQueue();
  await before.close();
  refused.clear();
  await publish(first, 'b');
}

describe('after a failure that parks', () => {
  it('the later messages of the conversation wait in order, and other conversations go on', async () => {
    refused.set('1a', 'conversation-unknown');
    await worker();
    // Of one partition as well: the same one for all.
    await publish(first, '1a', '1b');
    for (let other = 0; other < 8; other++) await publish(`CommunicationRequest/other-${other}`, `o${other}`);
    await publish(first, '1c');
    await emptyQueue();

    expect(done.sort()).toEqual(['o0', 'o1', 'o2', 'o3', 'o4', 'o5', 'o6', 'o7']);
    expect(await letters()).toEqual([
      { version: '1a', failureClass: 'conversation-unknown' },
      { version: '1b', failureClass: 'parked' },
      { version: '1c', failureClass: 'parked' },
    ]);
    expect(await parked.list()).toMatchObject([
      { stream: 'MAPPING', key: first, failureClass: 'conversation-unknown' },
    ]);
  }, 30_000);

  it('a worker that was not there when it happened lets nothing of it pass either', async () => {
    refused.set('a', 'conversation-unknown');
    const before = await worker();
    await publish(first, 'a');
    await emptyQueue();
    await before.close();
    // Not configured to park any more: what is parked stays so all the same.
    fixture.config = { ...fixture.config, parkOn: [] };
    await worker();
    await publish(first, 'b');
    await emptyQueue();
    expect(done).toEqual([]);
  });

  it('a replay has all of them done in order, also those that come meanwhile, and the conversation goes on', async () => {
    refused.set('0', 'conversation-unknown');
    await worker();
    await publish(first, '0', '1', '2');
    await emptyQueue();
    refused.clear();

    const numbers = Array.from({ length: 30 }, (_, index) => String(index));
    const [outcome] = await Promise.all([replay(), publish(first, ...numbers.slice(3))]);
    expect(outcome).toBe('lifted');
    await emptyQueue();
    expect(done).toEqual(numbers);
    expect(await letters()).toEqual([]);
    expect(await parked.list()).toEqual([]);
  }, 30_000);

  it('a replay does not let it go on before a worker has seen what is on the queue already', async () => {
    await parkedWithOneOnTheQueue();

    const replaying = replay();
    await until('the replayed one behind the other', async () => (await fixture.backlog()) === 2);
    await worker();
    expect(await replaying).toBe('lifted');
    await emptyQueue();
    expect(done).toEqual(['a', 'b']);
  }, 30_000);

  it('a replay leaves it parked where no worker comes, and the next one completes it', async () => {
    await parkedWithOneOnTheQueue();

    expect(await replay()).toBe('waiting');
    expect(await parked.list()).toHaveLength(1);
    await worker();
    expect(await replay()).toBe('lifted');
    await emptyQueue();
    expect(done).toEqual(['a', 'b']);
  }, 60_000);

  it('a replay that fails again parks it again, and the next one still has the right order', async () => {
    refused.set('a', 'conversation-unknown');
    await worker();
    await publish(first, 'a', 'b');
    await emptyQueue();
    await publish(first, 'c');
    await emptyQueue();
    expect(await replay()).toBe('replaced');
    await emptyQueue();
    expect(done).toEqual([]);
    expect(await letters()).toHaveLength(3);

    refused.clear();
    expect(await replay()).toBe('lifted');
    await emptyQueue();
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('a replay that was cut off after its first message is completed by the next, in order', async () => {
    refused.set('a', 'conversation-unknown');
    await worker();
    await publish(first, 'a', 'b', 'c');
    await emptyQueue();
    const [conversation] = await parked.list();
    const [cause] = await parkedReplay.waiting(conversation!);
    await box.replay(cause!, conversation!.parking);
    await emptyQueue();
    // It was refused again, now behind those that wait for it.
    expect((await letters()).map(({ version }) => version)).toEqual(['b', 'c', 'a']);

    refused.clear();
    expect(await replay()).toBe('lifted');
    await emptyQueue();
    expect(done).toEqual(['a', 'b', 'c']);
  });
});

describe('an operator is told of a conversation', () => {
  /** Discards all of it, while something else happens to the conversation. */
  async function discard(
    meanwhile: (conversation: ParkedConversation) => Promise<unknown>,
  ): Promise<string[]> {
    refused.set('a', 'conversation-unknown');
    await worker();
    await publish(first, 'a');
    await emptyQueue();
    const [conversation] = await parked.list();
    const audit = {
      around: async (_letter: unknown, _operator: string, _why: string, act: () => Promise<void>) => {
        await act();
        await meanwhile(conversation!);
      },
    } as OperatorAudit;
    const notes: string[] = [];
    const output = { result: () => undefined, note: (text: string) => void notes.push(text) };
    const commands = new DeadLetterCommands(box, parked, parkedReplay, audit, output);
    await commands.discard({ key: first }, 'told by phone', 'noor');
    return notes.filter((note) => note.startsWith(first));
  }

  it('that it goes on, also where somebody else has lifted its parking', async () => {
    expect(await discard((conversation) => parked.lift(conversation, async () => true))).toEqual([
      `${first} goes on`,
    ]);
    expect(await parked.list()).toEqual([]);
  });

  it('that it is parked again, where another message of it was given up meanwhile', async () => {
    expect(await discard((conversation) => parked.park({ ...conversation, parking: 'later' }))).toEqual([
      `${first} is parked again: see \`list\``,
    ]);
    expect(await parked.list()).toMatchObject([{ key: first, parking: 'later' }]);
  });
});

it('a failure of another class parks nothing', async () => {
  refused.set('a', 'fhir-refused');
  await worker();
  await publish(first, 'a', 'b');
  await until('the next message', () => done.length > 0);
  expect(done).toEqual(['b']);
  expect(await parked.list()).toEqual([]);
});

it('what is of a whole source is never parked: everything else would wait with it', async () => {
  refused.set('ehr', 'conversation-unknown');
  await worker();
  await queue.publish('fhir.pull', 'ehr', { source: 'ehr' }, { id: '1' });
  await emptyQueue();
  refused.clear();
  await queue.publish('fhir.pull', 'ehr', { source: 'ehr' }, { id: '2' });
  await until('the next pull', () => done.length > 0);
  expect(await parked.list()).toEqual([]);
});
