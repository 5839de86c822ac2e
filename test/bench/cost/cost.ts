import { randomUUID } from 'node:crypto';
import type { Bench, Benchmark } from '../benchmark';
import type { BenchServers } from '../bench-servers';
import { type Care, type Conversation, openConversations } from '../care';
import { writtenIn } from '../messages/bare-servers';
import type { Figure } from '../report/result';
import { type Cost, CountedBridge } from './counted-bridge';

const messages = 80;
const warmUps = 40;
const moreRooms = 24;
const moreMembers = 24;

export const cost: Benchmark = {
  name: 'cost',
  about: 'what one message costs, and how that grows with rooms and members',
  async run({ servers: start }: Bench): Promise<Figure[]> {
    const servers = await start();
    const care = await servers.care();
    const bridge = await CountedBridge.start(servers);
    try {
      const one = [care.conversations[0]!];
      const measured = await measureBoth(bridge, servers, care, one);
      const rooms = await openConversations(servers, care, moreRooms, 1);
      const manyRooms = await measureBoth(bridge, servers, care, rooms);
      const crowd = await openConversations(servers, care, 1, moreMembers);
      const manyMembers = await measureBoth(bridge, servers, care, crowd);
      return [
        ...figuresOf('FHIR → Matrix', measured.toMatrix, 'matrixCalls'),
        ...figuresOf('Matrix → FHIR', measured.toFhir, 'fhirCalls'),
        ...growth('FHIR → Matrix', measured.toMatrix, manyRooms.toMatrix, manyMembers.toMatrix),
        ...growth('Matrix → FHIR', measured.toFhir, manyRooms.toFhir, manyMembers.toFhir),
      ];
    } finally {
      await bridge.stop();
    }
  },
};

async function measureBoth(
  bridge: CountedBridge,
  servers: BenchServers,
  care: Care,
  conversations: readonly Conversation[],
): Promise<Record<'toMatrix' | 'toFhir', Cost>> {
  const writing = (count: number) => () =>
    oneByOne(servers, conversations, count, (conversation) =>
      servers.fhir.create(writtenIn(conversation, conversation.carer, randomUUID())),
    );
  const saying = (count: number) => () =>
    oneByOne(servers, conversations, count, ({ roomId }) => care.nurse.say(roomId, randomUUID()));
  await bridge.costOf(writing(warmUps));
  await bridge.costOf(saying(warmUps));
  return { toMatrix: await bridge.costOf(writing(messages)), toFhir: await bridge.costOf(saying(messages)) };
}

/** Each when the one before is done: no pull answers several notifications, as on a record that is not busy. */
async function oneByOne(
  servers: BenchServers,
  conversations: readonly Conversation[],
  count: number,
  work: (conversation: Conversation) => Promise<unknown>,
): Promise<void> {
  for (let index = 0; index < count; index++) {
    const before = await servers.count('message_link', 'event_id IS NOT NULL');
    await work(conversations[index % conversations.length]!);
    await servers.bridged(before + 1);
    await servers.queuesEmpty();
  }
}

function figuresOf(direction: string, cost: Cost, target: 'matrixCalls' | 'fhirCalls'): Figure[] {
  const to = target === 'matrixCalls' ? 'the homeserver' : 'the FHIR server';
  const each = (count: number): number => count / messages;
  tell(direction, cost);
  return [
    {
      name: `${direction}: HTTP calls for one message to its target, ${to}`,
      unit: 'calls',
      ours: each(effectCalls(cost, target)),
      limit: 1,
      goal: { kind: 'at most the limit' },
    },
    {
      name: `${direction}: Postgres statements for one message`,
      unit: 'statements',
      ours: each(sum(cost.statements.map(([, count]) => count))),
      limit: 3,
      goal: { kind: 'at most the limit' },
    },
    { name: `${direction}: CPU for one message`, unit: 'ms', ours: each(cpuOf(cost)), limit: null },
    {
      name: `${direction}: allocated for one message`,
      unit: 'KB',
      ours: each(cost.allocatedBytes / 1024),
      limit: null,
    },
  ];
}

/** Every call but those that tell the audit server, which is another one where AUDIT_URL says so. */
function effectCalls(cost: Cost, target: 'matrixCalls' | 'fhirCalls'): number {
  return sum(
    [...cost[target]].filter(([purpose]) => !purpose.includes('AuditEvent')).map(([, count]) => count),
  );
}

function growth(direction: string, few: Cost, rooms: Cost, members: Cost): Figure[] {
  const statements = (cost: Cost): number => sum(cost.statements.map(([, count]) => count)) / messages;
  const cases = [
    { than: `${moreRooms} Rooms, beside one`, cost: rooms },
    { than: `${moreMembers + 1} members, beside two`, cost: members },
  ];
  return cases.flatMap(({ than, cost }) => [
    {
      name: `${direction}: CPU for one message in ${than}`,
      unit: 'ms',
      ours: cpuOf(cost) / messages,
      limit: cpuOf(few) / messages,
    },
    {
      name: `${direction}: statements for one message in ${than}`,
      unit: 'statements',
      ours: statements(cost),
      limit: statements(few),
    },
  ]);
}

/** What the figures are the sums of. */
function tell(direction: string, { cpu, fhirCalls, matrixCalls, statements }: Cost): void {
  const line = (what: string, counts: Iterable<readonly [string, number]>): void => {
    for (const [name, count] of counts)
      if (count / messages >= 0.05)
        console.log(`  ${direction}  ${what} ${(count / messages).toFixed(2)}  ${name.slice(0, 160)}`);
  };
  line('CPU ms', Object.entries(cpu));
  line('to Matrix', matrixCalls);
  line('to FHIR', fhirCalls);
  line('to Postgres', statements);
}

function cpuOf({ cpu }: Cost): number {
  return sum(Object.values(cpu));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
