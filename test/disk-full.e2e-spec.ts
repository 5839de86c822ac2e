import { randomUUID } from 'node:crypto';
import { urlOf } from '../deploy/local/src/bridge';
import { communication, participant, roles, subscription } from '../deploy/local/src/example-data';
import { FakeHomeserver } from './support/fake-homeserver';
import { type FhirSide, type RecordServer, prepareFhirSide, startRecordServer } from './support/fhir-side';
import { type HttpAnswer, httpRequest } from './support/http-request';
import { deadLetterKinds } from './support/queue-evidence';
import { messageCommands } from './support/shown-messages';
import { SmallDisk } from './support/small-disk';
import { outcomeOfSteps, step } from './support/step';
import { until } from './support/until';

/*
 * The disk under nats-server is full, because something else on it has grown. What was said in Matrix then is as-ingress'
 * to refuse: the events of members wait in ROOMS, which nobody reads here. What is written in FHIR goes through
 * fhir-mapper to ROOMS.
 */

const mebibyte = 2 ** 20;
const sender = 'Practitioner/p';

let disk: SmallDisk;
/** Has no Rooms: as-ingress looks for what it was not told of there. */
let homeserver: FakeHomeserver;
let record: RecordServer;
let side: FhirSide;
/** Ids of the events whose transaction was answered with 200, in the order in which they were sent. */
const acknowledged: string[] = [];
/** The transaction that was refused. */
let refused: { readonly txnId: string; readonly eventId: string };
/** What was written in the record, in that order. */
const written: string[] = [];

beforeAll(async () => {
  // nats-server lets JetStream have three quarters of it: both work queues and the dead letters.
  disk = await SmallDisk.start({ bytes: 32 * mebibyte });
  [homeserver, record] = await Promise.all([FakeHomeserver.start(), startRecordServer()]);
  const settings = { NATS_MAX_BYTES: String(8 * mebibyte), MATRIX_HOMESERVER_URL: homeserver.url };
  side = await prepareFhirSide(record, 'disk', settings, disk.directory);
  const { bridge, notifyUrl, environment } = side;
  await Promise.all([
    bridge['as-ingress'].start(),
    bridge['fhir-ingress'].start(),
    bridge['fhir-mapper'].start(),
  ]);
  await record.api.create(subscription('Communication?', notifyUrl, environment.notificationSecret));
  await openConversation();
}, 120_000);

afterAll(async () => {
  await side?.stop();
  await record?.stop(outcomeOfSteps());
  await homeserver?.stop();
  await disk?.stop();
}, 60_000);

async function openConversation(): Promise<void> {
  await record.api.update({ resourceType: 'Practitioner', id: 'p', name: [{ text: 'Carer' }] });
  await record.api.update({ resourceType: 'Patient', id: 'x' });
  await record.api.update({
    resourceType: 'CareTeam',
    id: 't',
    status: 'active',
    subject: { reference: 'Patient/x' },
    participant: [participant(sender, roles.pharmacist)],
  });
  await record.api.update({
    resourceType: 'CommunicationRequest',
    id: 'r',
    status: 'active',
    subject: { reference: 'Patient/x' },
    requester: { reference: sender },
    recipient: [{ reference: 'CareTeam/t' }],
  });
}

/** Writes messages in the record, one after the other. */
async function write(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) {
    const text = `message ${written.length + 1}`;
    await record.api.create(communication('r', 'x', 't', sender, text));
    written.push(text);
  }
}

/** What room-manager is told to say, each the first time that it is told. */
async function told(): Promise<string[]> {
  const commands = messageCommands(await side.queue.held('ROOMS'));
  return [...new Set(commands.map(({ content }) => content?.body ?? ''))];
}

/** Messages that fhir-mapper is to be given, or has been and is not done with. */
async function unfinished(): Promise<number> {
  let count = 0;
  for await (const { num_pending, num_ack_pending } of side.queue.manager.consumers.list('MAPPING'))
    count += num_pending + num_ack_pending;
  return count;
}

/** A transaction of the homeserver with one event. */
function transaction(txnId: string, eventId: string): Promise<HttpAnswer> {
  const event = {
    event_id: eventId,
    room_id: '!room:care.example',
    sender: '@gp:practice.example',
    state_key: '@gp:practice.example',
    type: 'm.room.member',
    origin_server_ts: Date.now(),
    content: { membership: 'join' },
  };
  return httpRequest(urlOf('as-ingress', side.environment), {
    method: 'PUT',
    target: `/_matrix/app/v1/transactions/${txnId}`,
    headers: { authorization: `Bearer ${side.environment.hsToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events: [event] }),
  });
}

/** @returns the answer to the first transaction that was not taken, after at most so many that were */
async function sendUntilRefused(atMost: number): Promise<HttpAnswer | undefined> {
  for (let left = atMost; left > 0; left -= 1) {
    const next = { txnId: randomUUID(), eventId: `$${randomUUID()}` };
    const answer = await transaction(next.txnId, next.eventId);
    if (answer.status !== 200) {
      refused = next;
      return answer;
    }
    acknowledged.push(next.eventId);
  }
  return undefined;
}

function notify(): Promise<HttpAnswer> {
  const { environment, notifyUrl } = side;
  return httpRequest(notifyUrl, {
    method: 'POST',
    target: new URL(notifyUrl).pathname,
    headers: { authorization: `Bearer ${environment.notificationSecret}` },
  });
}

step('while there is room, both ingresses and the worker do their work', async () => {
  expect(await sendUntilRefused(5)).toBeUndefined();
  await write(5);
  await until('the commands', async () => (await told()).length === 5);
  expect((await notify()).status).toBe(204);
});

step('a full disk makes as-ingress answer 503 and when to repeat', async () => {
  await disk.fill();
  // A few may fit into what the file system has given the store already.
  const answer = await sendUntilRefused(100);
  expect([answer?.status, answer?.json()]).toMatchObject([
    503,
    { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: expect.any(Number) as number },
  ]);
  expect(Number(answer?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
});

step('and fhir-ingress as well', async () => {
  await write(5);
  const answer = await until('a refusal', async () => {
    const next = await notify();
    return next.status !== 204 && next;
  });
  expect([answer.status, answer.json()]).toMatchObject([
    503,
    { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'transient' }] },
  ]);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
});

step(
  'nats-server tells whoever looks after its health, and goes on when it is restarted with room',
  async () => {
    const { server } = side.queue;
    // It gives up its store in the background, after the write that failed.
    await until(
      'nats-server to tell',
      async () => (await fetch(`${server.monitorUrl}/healthz`)).status === 503,
    );
    await disk.makeRoom();
    await server.process.stop();
    await side.queue.startServerAgain();
    expect((await fetch(`${server.monitorUrl}/healthz`)).status).toBe(200);
  },
);

step('then all that was acknowledged is there, in order, and what was refused is taken', async () => {
  await until(
    'the repetition to be taken',
    async () => (await transaction(refused.txnId, refused.eventId)).status === 200,
  );
  const events = (await side.queue.held('ROOMS'))
    .filter(({ subject }) => subject.endsWith('.matrix.m.room.member'))
    .map(({ payload }) => (JSON.parse(payload.toString()) as { event_id: string }).event_id);
  expect([...new Set(events)]).toEqual([...acknowledged, refused.eventId]);
});

step(
  'and the worker has gone on by itself: nothing that was written is missing, or out of order',
  async () => {
    await write(5);
    await until('all commands', async () => (await told()).length === written.length, 60_000);
    expect(await told()).toEqual(written);
    await until('the worker to be done', async () => (await unfinished()) === 0);
    expect(await deadLetterKinds(side.queue.server.url)).toEqual([]);
  },
);

// A single nats-server that could not write down that a message was acknowledged keeps it, and gives it to nobody.
step(
  'what JetStream could not remove goes when the consumers are made anew, and changes nothing',
  async () => {
    const { manager } = side.queue;
    for await (const { name } of manager.consumers.list('MAPPING'))
      await manager.consumers.delete('MAPPING', name);
    await until('the empty queue', async () => (await manager.streams.info('MAPPING')).state.messages === 0);
    expect(await told()).toEqual(written);
  },
);
