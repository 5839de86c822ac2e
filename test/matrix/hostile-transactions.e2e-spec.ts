import { createHash } from 'node:crypto';
import type { CareTeam, Communication, Resource } from '@medplum/fhirtypes';
import { BRIDGE_APPS, urlOf } from '../../deploy/local/src/bridge';
import { recordOf, writeInFhir } from '../../deploy/local/src/scenario/play';
import { compareSides } from '../../deploy/local/src/scenario/verify';
import { until } from '../../deploy/local/src/until';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { type HostileTransaction, hostileTransactions } from '../support/hostile-transactions';
import { metricOf } from '../support/metric';
import { emptyQueues, deadLetterPayloads } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';

/*
 * Two hundred malformed and hostile transactions, with the right hs_token, amid real talk: as if somebody had stolen the
 * token, or the homeserver had gone mad. What came of them is read from all servers afterwards.
 */

const count = 200;
const seed = 20_261_121;
/** One real message behind each so many hostile transactions. */
const between = 10;
/** An unforeseen error holds its Room up for some seconds: one of them passes, a row of them would be seen. */
const promptMs = 10_000;
/** MalformedLetters splits what is larger. */
const letterBytes = 512 * 1024;

const resourceTypes = [
  'AuditEvent',
  'Binary',
  'CareTeam',
  'Communication',
  'CommunicationRequest',
  'DocumentReference',
  'Patient',
  'Practitioner',
  'RelatedPerson',
  'Task',
] as const;

let conversation: CareConversation;
let before: Evidence;
let after: Evidence;
let transactions: HostileTransaction[];
let answers: { status: number; text: string }[];
let talk: { eventId: string; body: string; latencyMs: number }[];
let written: Communication & { id: string };

/** What the servers hold, as far as the conversation goes. */
interface Evidence {
  /** `Type/id/_history/version` of every resource. */
  readonly resources: readonly string[];
  /** Every state event of Space and Room, memberships among them. */
  readonly state: readonly string[];
  /** Everything said and done in the Room, oldest first. */
  readonly timeline: readonly string[];
  readonly roomsOfBot: readonly string[];
  readonly invites: readonly string[];
  readonly pids: Readonly<Record<string, number | undefined>>;
}

async function evidence(): Promise<Evidence> {
  const { network, thread, stack } = conversation;
  const { nurse, gp, pharmacist } = network;
  const { homeserverUrl, asToken } = stack.environment;
  const found: Resource[] = [];
  for (const type of resourceTypes) found.push(...(await network.fhir.search<Resource>(type, {})));
  const joined = await fetch(`${homeserverUrl}/_matrix/client/v3/joined_rooms`, {
    headers: { authorization: `Bearer ${asToken}` },
  });
  const states = await Promise.all([thread.spaceId, thread.roomId].map((room) => nurse.matrix.state(room)));
  return {
    resources: found
      .map(({ resourceType, id, meta }) => `${resourceType}/${id}/_history/${meta?.versionId}`)
      .sort(),
    state: states
      .flat()
      .map((event) => JSON.stringify([event.type, event.state_key, event.event_id, event.content]))
      .sort(),
    timeline: (await nurse.matrix.history(thread.roomId)).map(({ event_id }) => event_id),
    roomsOfBot: ((await joined.json()) as { joined_rooms: string[] }).joined_rooms.sort(),
    invites: [nurse, gp, pharmacist].flatMap(({ matrix }) => [...matrix.invites.keys()]),
    pids: Object.fromEntries(BRIDGE_APPS.map((app) => [app, stack.bridge[app].pid])),
  };
}

async function send({ txnId, body }: HostileTransaction): Promise<{ status: number; text: string }> {
  const { environment } = conversation.stack;
  const answer = await fetch(`${urlOf('as-ingress', environment)}/_matrix/app/v1/transactions/${txnId}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${environment.hsToken}`, 'content-type': 'application/json' },
    body: new Uint8Array(body),
  });
  return { status: answer.status, text: await answer.text() };
}

/** The GP says something, and it is in the record. */
async function sayForReal(body: string): Promise<(typeof talk)[number]> {
  const { network, thread } = conversation;
  const { eventId, saidAt } = await network.gp.matrix.say(thread.roomId, body);
  await recordOf(network, eventId);
  return { eventId, body, latencyMs: performance.now() - saidAt };
}

/**
 * Has Space and Room brought in order after the CommunicationRequest, which is read without the roles of the care team:
 * from then on a reconciliation, whoever causes it, finds nothing to change.
 */
async function settle(): Promise<void> {
  const { network, thread } = conversation;
  await network.fhir.update<CareTeam>({ ...thread.team, name: 'Changed' });
  await until('the roles in Space and Room', async () => {
    const states = await Promise.all(
      [thread.spaceId, thread.roomId].map((room) => network.nurse.matrix.state(room)),
    );
    return states.every((state) => {
      const mappings = state.filter(({ type }) => type === 'custom.user_mappings');
      return mappings.length >= 4 && mappings.every(({ content }) => 'roleCode' in content);
    });
  });
}

async function madeByLiars(): Promise<HostileTransaction[]> {
  const { network, thread, stack } = conversation;
  const { nurse, gp, pharmacist } = network;
  const history = await nurse.matrix.history(thread.roomId);
  const saidBy = (isThem: (sender: string) => boolean) => {
    const event = history.find(({ type, sender }) => type === 'm.room.message' && isThem(sender));
    if (!event) throw new Error('Nobody has said anything yet');
    return event;
  };
  const ghostEvent = saidBy((sender) => sender.startsWith('@_fhir_bridge_'));
  const victims = {
    roomId: thread.roomId,
    spaceId: thread.spaceId,
    bot: `@_fhir_bridge_bot:${stack.environment.serverName}`,
    ghost: ghostEvent.sender,
    author: gp.matrix.userId,
    colleague: pharmacist.matrix.userId,
    lead: nurse.matrix.userId,
    saidEvent: { ...saidBy((sender) => sender === gp.matrix.userId) },
    ghostEvent: { ...ghostEvent },
    partner: stack.federation.homeservers.huisarts.serverName,
  };
  return hostileTransactions(victims, count, seed);
}

beforeAll(async () => {
  // What the bridge tells of itself is shown by test/fhir/audit; here nothing but the talk may be in the record.
  conversation = await startCareConversation({
    settings: { AUDIT_ENABLED: 'false' },
  });
  const { thread, stack } = conversation;
  // Each side once, and all that the care team says, so that whatever the start has caused is done.
  await settle();
  await sayForReal('Before them.');
  await writeInFhir(thread, 'Before them, in FHIR.');
  transactions = await madeByLiars();
  // What is written in FHIR is given its event after it was read in Matrix: another version of the record.
  await emptyQueues(stack.federation.natsUrl);
  before = await evidence();

  answers = [];
  talk = [];
  for (const [index, transaction] of transactions.entries()) {
    answers.push(await send(transaction));
    if (index % between === between - 1) talk.push(await sayForReal(`Real message ${talk.length + 1}.`));
  }
  ({ written } = await writeInFhir(thread, 'Behind them, in FHIR.'));
  talk.push(await sayForReal('Behind them.'));
  await emptyQueues(stack.federation.natsUrl);
  after = await evidence();
}, 600_000);

afterAll(() => conversation?.stop(outcomeOfSteps()), 60_000);

describe('two hundred malformed and hostile transactions', () => {
  step(
    'are of every kind, and each is answered with 200, so that the homeserver repeats none of them',
    () => {
      expect(new Set(transactions.map(({ kind }) => kind)).size).toBeGreaterThan(25);
      const refused = answers.flatMap(({ status, text }, index) =>
        status === 200 ? [] : [[transactions[index]?.kind, status, text]],
      );
      expect({ sent: answers.length, refused }).toEqual({ sent: count, refused: [] });
    },
  );

  step('crash nothing: every process is the same, healthy, and ready', async () => {
    const { stack } = conversation;
    expect(after.pids).toEqual(before.pids);
    for (const app of BRIDGE_APPS) {
      expect(stack.bridge[app].pid).toEqual(before.pids[app]);
      const ready = await fetch(`${urlOf(app, stack.environment)}/ready`);
      expect([app, ready.status]).toEqual([app, 200]);
    }
  });

  step('block nothing: each message behind them is recorded promptly', () => {
    const slow = talk.filter(({ latencyMs }) => latencyMs > promptMs);
    expect({ said: talk.length, slow }).toEqual({ said: count / between + 1, slow: [] });
  });

  step('disturb no order: the talk among them is on the other side once, and in order', async () => {
    const { network, thread } = conversation;
    const sides = await compareSides(network.fhir, network.nurse.matrix, thread.roomId, thread.request.id, {
      inMatrix: ['Before them.', ...talk.map(({ body }) => body)],
      inFhir: ['Before them, in FHIR.', 'Behind them, in FHIR.'],
    });
    expect(sides).toMatchObject({ lost: [], duplicated: [], disordered: [] });
  });

  step('change nothing in the record: it holds the talk and nothing else', async () => {
    const { network } = conversation;
    const recorded = await Promise.all(talk.map(({ eventId }) => recordOf(network, eventId)));
    const talked = [...recorded, written].map(({ id }) => `Communication/${id}`);
    const isTalk = (resource: string): boolean => talked.some((ref) => resource.startsWith(`${ref}/`));
    expect(after.resources.filter((resource) => !isTalk(resource))).toEqual(before.resources);
    expect(recorded.map(({ payload, status }) => [status, payload])).toEqual(
      talk.map(({ body }) => ['completed', [{ contentString: body }]]),
    );
  });

  step('change nothing in Matrix: state, members, timeline and the bot’s Rooms are as before', async () => {
    const { network, thread } = conversation;
    expect(after.state).toEqual(before.state);
    expect(after.roomsOfBot).toEqual(before.roomsOfBot);
    expect(after.invites).toEqual(before.invites);
    const real = new Set(talk.map(({ eventId }) => eventId));
    const news = after.timeline.slice(before.timeline.length).filter((eventId) => !real.has(eventId));
    const fromFhir = await network.nurse.matrix.waitForMessage(thread.roomId, 'Behind them, in FHIR.');
    expect(news).toEqual([fromFhir.event_id]);
  });

  step('are in the dead letters where they are malformed, byte for byte', async () => {
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    const held = new Set((await deadLetterPayloads(conversation.stack.federation.natsUrl)).map(digest));
    const expected = transactions.flatMap(({ kind, letters }) => letters.map((letter) => ({ kind, letter })));
    expect(expected.length).toBeGreaterThan(100);
    const lost = expected.filter(({ letter }) => {
      const parts = Math.max(1, Math.ceil(letter.length / letterBytes));
      return !Array.from({ length: parts }, (_, part) =>
        letter.subarray(part * letterBytes, (part + 1) * letterBytes),
      ).every((part) => held.has(digest(part)));
    });
    expect(lost.map(({ kind, letter }) => [kind, letter.subarray(0, 200).toString()])).toEqual([]);
  });

  step('are counted: what is malformed, unused, or of the bridge’s own', async () => {
    const ingress = urlOf('as-ingress', conversation.stack.environment);
    const counted = (name: string, label: string): Promise<number> => metricOf(ingress, `${name}{${label}}`);
    for (const outcome of ['malformed', 'unused', 'echo'])
      expect(await counted('bridge_as_events_total', `outcome="${outcome}"`)).toBeGreaterThan(0);
    for (const part of ['malformed', 'receipt_flood', 'own_receipt', 'receipt', 'typing'])
      expect(await counted('bridge_as_ignored_total', `part="${part}"`)).toBeGreaterThan(0);
  });
});
