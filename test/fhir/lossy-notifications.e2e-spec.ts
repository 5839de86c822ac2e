import type { CareTeam, Communication, CommunicationRequest, Resource } from '@medplum/fhirtypes';
import { communication, participant, roles, subscription } from '../../deploy/local/src/example-data';
import { FaultyPost } from '../support/faulty-post';
import { type FhirSide, type RecordServer, prepareFhirSide, startRecordServer } from '../support/fhir-side';
import { backlog, deadLetterKinds } from '../support/queue-evidence';
import { Random } from '../support/random';
import { messageCommands, shownBy } from '../support/shown-messages';
import { outcomeOfSteps, step } from '../support/step';
import { topicSubscription } from '../support/topic-subscription';
import { until } from '../support/until';

/*
 * One record, two bridges. Each notification reaches the one as it is; to the other it comes over a network that loses
 * one in ten, doubles one in ten, and holds one in ten back until others have overtaken it. What comes from FHIR ends in
 * Postgres and in the queue to room-manager: there both are compared, with each other and with the record.
 */

const notifications = 1_000;
/** Of what changes and of what becomes of its notification; another one by TEST_SEED. */
const seed = Number(process.env.TEST_SEED ?? 20_261_121);
const random = new Random(seed);

const people = Array.from({ length: 6 }, (_, index) => `Practitioner/p${index}`);
const teams = Array.from({ length: 4 }, (_, index) => `t${index}`);
const requests = Array.from({ length: 16 }, (_, index) => `r${index}`);
const teamOf = (request: string) => teams[Number(request.slice(1)) % teams.length]!;

let record: RecordServer;
let calm: FhirSide;
let faulty: FhirSide;
let network: FaultyPost;
/** Communications that are there, with the number of times they were written. */
const written = new Map<string, number>();
let made = 0;

beforeAll(async () => {
  record = await startRecordServer();
  const settings = { FHIR_DELETES_INTERVAL_MS: '500' };
  [calm, faulty] = await Promise.all([
    prepareFhirSide(record, 'calm', settings),
    prepareFhirSide(record, 'faulty', settings),
  ]);
  network = await FaultyPost.start(new URL(faulty.notifyUrl).origin, seed);
  for (const { bridge } of [calm, faulty])
    await Promise.all([bridge['fhir-ingress'].start(), bridge['fhir-mapper'].start()]);
  await subscribe(calm, calm.notifyUrl);
  await subscribe(faulty, `${network.url}/notify/ehr`);
  await createNetwork();
}, 120_000);

afterAll(async () => {
  await Promise.all([calm?.stop(), faulty?.stop()]);
  await network?.stop();
  await record?.stop(outcomeOfSteps());
}, 60_000);

/** Messages by topic, with numbers; the rest with the resource as payload. Each change is one notification. */
async function subscribe({ environment }: FhirSide, endpoint: string): Promise<void> {
  const secret = environment.notificationSecret;
  await record.api.create(topicSubscription('Communication', { endpoint, secret }));
  for (const criteria of ['CareTeam?', 'CommunicationRequest?'])
    await record.api.create(subscription(criteria, endpoint, secret, 'application/fhir+json'));
}

/** Everybody is in a team, and every conversation is open: what is over before a bridge has seen it is none of its. */
async function createNetwork(): Promise<void> {
  const put = (resource: Resource) => record.api.update(resource);
  for (const [index, person] of people.entries()) {
    const [, id] = person.split('/');
    await put({ resourceType: 'Practitioner', id, name: [{ text: `Carer ${index}` }] });
  }
  for (const id of teams) {
    await put({ resourceType: 'Patient', id });
    await put(team(id, people));
  }
  for (const id of requests) await put(request(id, 'active'));
  for (const side of [calm, faulty]) {
    await until('all conversations', async () => {
      const [row] = await side.query<{ rows: number }>('SELECT count(*)::int AS rows FROM conversation_room');
      return row?.rows === requests.length;
    });
  }
}

function team(id: string, members: readonly string[], status: CareTeam['status'] = 'active'): CareTeam {
  return {
    resourceType: 'CareTeam',
    id,
    status,
    subject: { reference: `Patient/${id}` },
    participant: members.map((member) => participant(member, roles.pharmacist)),
  };
}

function request(id: string, status: CommunicationRequest['status']): CommunicationRequest {
  return {
    resourceType: 'CommunicationRequest',
    id,
    status,
    subject: { reference: `Patient/${teamOf(id)}` },
    requester: { reference: people[0]! },
    recipient: [{ reference: `CareTeam/${teamOf(id)}` }],
    authoredOn: '2026-03-10T12:00:00Z',
  };
}

function message(id: string, version: number, more: Partial<Communication> = {}): Communication {
  const of = requests[Number(id.slice(1)) % requests.length]!;
  const author = people[Number(id.slice(1)) % people.length]!;
  const text = `Message ${id}, written ${version}`;
  return { ...communication(of, teamOf(of), teamOf(of), author, text), id, ...more };
}

/** One change of the record. */
async function change(): Promise<void> {
  const existing = [...written.keys()];
  const what = existing.length < 20 ? 0 : random.between(0, 99);
  if (what < 60) {
    const id = `m${(made += 1)}`;
    written.set(id, 1);
    await record.api.update(message(id, 1));
  } else if (what < 78) {
    const id = random.pick(existing);
    written.set(id, written.get(id)! + 1);
    await record.api.update(message(id, written.get(id)!));
  } else if (what < 83) {
    const id = random.pick(existing);
    written.delete(id);
    await record.api.update(message(id, 0, { status: 'entered-in-error' }));
  } else if (what < 87) {
    const id = random.pick(existing);
    written.delete(id);
    await record.remove(`Communication/${id}`);
  } else if (what < 93) {
    const status = random.pick(['active', 'active', 'completed', 'revoked', 'on-hold'] as const);
    await record.api.update(request(random.pick(requests), status));
  } else {
    const members = people.filter(() => random.next() < 0.6);
    await record.api.update(team(random.pick(teams), members, random.pick(['active', 'active', 'inactive'])));
  }
}

/** What Matrix should show of messages, by the record. */
async function recordedMessages(): Promise<Record<string, string>> {
  const all = await record.api.search<Communication>('Communication', { status: 'completed' });
  return Object.fromEntries(
    all.map(({ id, payload }) => [`Communication/${id}`, payload?.[0]?.contentString ?? '']),
  );
}

/** What a bridge makes of the record, without what it chooses at random. */
async function stateOf(side: FhirSide) {
  return {
    teams: await side.query('SELECT care_team, subject, open, version_at FROM care_team_space ORDER BY 1'),
    members: await side.query(
      'SELECT care_team, person, role FROM care_team_member WHERE present ORDER BY 1, 2',
    ),
    conversations: await side.query(
      'SELECT conversation, care_team, subject, parties, open, name, version_at FROM conversation_room ORDER BY 1',
    ),
    people: await side.query(
      'SELECT fhir_ref, display_name, mapping, version_at FROM participant ORDER BY 1',
    ),
    messages: shownBy(await side.queue.heldSoFar('ROOMS')),
  };
}

async function hasSettled(side: FhirSide): Promise<boolean> {
  const waiting = await backlog(side.queue.server.url);
  const { length } = await side.queue.heldSoFar('ROOMS');
  return waiting === length;
}

step(`${notifications} notifications come over a bad network (TEST_SEED=${seed})`, async () => {
  const before = network.taken;
  while (network.taken - before < notifications) await change();
  await network.settle();
  console.log(`TEST_SEED=${seed}: ${JSON.stringify(network.fates)}`);
  const { lost, doubled, overtaken } = network.fates;
  for (const count of [lost, doubled, overtaken]) {
    expect(count).toBeGreaterThan(network.taken * 0.05);
    expect(count).toBeLessThan(network.taken * 0.15);
  }
  expect(network.refused).toBe(0);
});

step('and the end is the same as without faults, which is what the record says', async () => {
  const recorded = await recordedMessages();
  expect(Object.keys(recorded).sort()).toEqual([...written.keys()].map((id) => `Communication/${id}`).sort());
  for (const side of [calm, faulty]) {
    await until(
      'everything to arrive',
      async () => {
        const shown = shownBy(await side.queue.heldSoFar('ROOMS'));
        return JSON.stringify(sorted(shown)) === JSON.stringify(sorted(recorded)) && hasSettled(side);
      },
      60_000,
    ).catch(async () => expect(shownBy(await side.queue.heldSoFar('ROOMS'))).toEqual(recorded));
  }
  await until(
    'teams and conversations to arrive',
    async () => JSON.stringify(await stateOf(faulty)) === JSON.stringify(await stateOf(calm)),
    30_000,
  ).catch(() => undefined);
  const state = await stateOf(faulty);
  expect(state).toEqual(await stateOf(calm));
  expect(state.conversations).toHaveLength(requests.length);
  expect(state.people).toHaveLength(people.length);
  const statuses = await record.api.search<CommunicationRequest>('CommunicationRequest', {
    status: 'active',
  });
  expect((state.conversations as { open: boolean }[]).filter(({ open }) => open)).toHaveLength(
    statuses.length,
  );
});

step('nothing is told twice, and each conversation is in its order', async () => {
  for (const { queue } of [calm, faulty]) {
    const commands = messageCommands(await queue.heldSoFar('ROOMS')).filter(
      ({ kind }) => kind === 'send-message',
    );
    const names = commands.map(({ source, version, part }) => `${source}/${version}#${part}`);
    expect(names).toHaveLength(new Set(names).size);
    for (const request of requests) {
      const times = commands
        .filter(({ conversation }) => conversation === `CommunicationRequest/${request}`)
        .map(({ versionAt }) => versionAt);
      expect(times.length).toBeGreaterThan(0);
      expect(times).toEqual([...times].sort());
    }
    expect(await deadLetterKinds(queue.server.url)).toEqual([]);
  }
});

function sorted(record: Record<string, string>): [string, string][] {
  return Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1));
}
