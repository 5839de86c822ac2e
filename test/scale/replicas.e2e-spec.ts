import { messages as messageKinds } from '@bridge/contracts';
import { createDatabase, dropDatabase } from '../support/fresh-database';
import { countsOf } from '../support/metric';
import { until } from '../support/until';
import { toBeRecorded, toBeSaid } from './made-messages';
import { fillDatabase } from './organisation';
import { QueueFiller } from './queue-filler';
import { defaultPartitions, type Replica, ScaleServers, type WorkerApp } from './scale-servers';

/* Replicas share the work by the queue alone, and may come and go: nothing lost, and each Room in its order. */

const conversations = 40;
const each = 15;
const messages = conversations * each;
const filling = { conversations, each, from: 0 };
const crowd = { members: 4, messages: 0 };
const size = { conversations, crowd };

let databaseUrl: string;
let servers: ScaleServers;

beforeAll(async () => {
  databaseUrl = await createDatabase();
  await fillDatabase(databaseUrl, size);
  // Of a worker that was killed another gets the message soon.
  servers = await ScaleServers.start({ databaseUrl, answerMs: 50, settings: { NATS_ACK_WAIT_MS: '3000' } });
  await servers.makeStreams();
}, 120_000);

afterAll(async () => {
  await servers?.stop();
  await dropDatabase(databaseUrl);
}, 60_000);

async function started(app: WorkerApp, ...names: string[]): Promise<Replica[]> {
  const replicas = await Promise.all(names.map((name) => servers.replica(app, name)));
  await Promise.all(replicas.map(({ process }) => process.start()));
  return replicas;
}

/** Deliveries that a replica was done with, of one kind of message. */
async function handledBy({ url }: Replica, kind: string): Promise<number> {
  const counts = await countsOf(url, 'bridge_queue_handled_total');
  return counts.filter(({ labels }) => labels.kind === kind).reduce((sum, { count }) => sum + count, 0);
}

describe('messages', () => {
  it.each([
    {
      app: 'room-manager',
      kind: 'command.send-message',
      fill: (filler: QueueFiller) => filler.fill(toBeSaid, filling),
      seen: () => servers.seenInMatrix(),
    },
    {
      app: 'fhir-mapper',
      kind: 'matrix.m.room.message',
      fill: (filler: QueueFiller) => filler.fill(toBeRecorded, filling),
      seen: () => servers.seenInRecord(),
    },
  ] as const)(
    'are shared by replicas of $app that come and go, in order',
    async ({ app, kind, fill, seen }) => {
      await fill(new QueueFiller(servers.nats, defaultPartitions));
      const arrived = (share: number) =>
        until(`${share} of the messages`, async () => (await seen()).arrived >= share * messages, 60_000);

      const [first, second] = (await started(app, `${app}-1`, `${app}-2`)) as [Replica, Replica];
      await arrived(0.2);
      const [third] = (await started(app, `${app}-3`)) as [Replica];
      first.process.kill('SIGKILL');
      await arrived(0.5);
      await second.process.stop();
      await started(app, `${app}-4`);
      await until(
        'an empty queue',
        async () => (await servers.backlog(messageKinds[kind].stream)) === 0,
        60_000,
      );

      expect(await seen()).toMatchObject({ arrived: messages, disordered: 0 });
      expect(await handledBy(third, kind)).toBeGreaterThan(0);
    },
    240_000,
  );
});
