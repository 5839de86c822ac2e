import type { Subscription } from '@medplum/fhirtypes';
import { communication, participant, roles } from '../../deploy/local/src/example-data';
import { urlOf } from '../../deploy/local/src/bridge';
import { type FhirSide, type RecordServer, prepareFhirSide, startRecordServer } from '../support/fhir-side';
import { metricOf } from '../support/metric';
import { NotificationRecorder } from '../support/notification-recorder';
import { deadLetterKinds } from '../support/queue-evidence';
import { shownBy } from '../support/shown-messages';
import { outcomeOfSteps, step } from '../support/step';
import { topicSubscription } from '../support/topic-subscription';
import { until } from '../support/until';

/*
 * Topic-based Subscriptions whose notifications are lost. No timer pulls here: what is found is found by the numbers of
 * the events, by signs of life and by their absence.
 */

/** How long what is missing is waited for before it is asked for. */
const graceMs = 1_500;

let record: RecordServer;
let side: FhirSide;
let recorder: NotificationRecorder;
let subscriptionId: string;
let count = 0;

beforeAll(async () => {
  record = await startRecordServer();
  side = await prepareFhirSide(record, 'bridge', {
    FHIR_PULL_INTERVAL_MS: '86400000',
    FHIR_SUBSCRIPTION_GRACE_MS: String(graceMs),
  });
  await record.api.update({
    resourceType: 'Practitioner',
    id: 'anna',
    name: [{ text: 'Anna' }],
  });
  await record.api.update({
    resourceType: 'CareTeam',
    id: 't',
    status: 'active',
    subject: { reference: 'Patient/p' },
    participant: [participant('Practitioner/anna', roles.pharmacist)],
  });
  await record.api.update({
    resourceType: 'CommunicationRequest',
    id: 'r',
    status: 'active',
    subject: { reference: 'Patient/p' },
    recipient: [{ reference: 'CareTeam/t' }],
  });
  await Promise.all([side.bridge['fhir-ingress'].start(), side.bridge['fhir-mapper'].start()]);
  const rows = () => side.query<object>('SELECT 1 FROM conversation_room');
  await until('the first pull', async () => (await rows()).length === 1);
  recorder = await NotificationRecorder.start(side.queue.server.url);
  const { endpoint } = recorder;
  const created = await record.api.create(topicSubscription('Communication', { endpoint, heartbeat: 1 }));
  subscriptionId = created.id;
  await until('the greeting to be noted', async () => (await state())?.up_to === '0');
}, 60_000);

afterAll(async () => {
  await side?.stop();
  await record?.stop(outcomeOfSteps());
  await recorder?.stop();
}, 60_000);

interface StateRow {
  readonly up_to: string;
  readonly told: string;
  readonly heartbeat_ms: number | null;
  readonly gap_due_at: Date | null;
  readonly check_due_at: Date | null;
  readonly reactivated_at: Date | null;
}

async function state(): Promise<StateRow | undefined> {
  const [row] = await side.query<StateRow>('SELECT * FROM subscription_state');
  return row;
}

/** Writes a message; its change is the next event. */
async function write(): Promise<string> {
  count += 1;
  const text = `Message ${count}`;
  await record.api.update({ ...communication('r', 'p', 't', 'Practitioner/anna', text), id: `m${count}` });
  return text;
}

async function isShown(text: string): Promise<boolean> {
  return Object.values(shownBy(await side.queue.heldSoFar('ROOMS'))).includes(text);
}

async function recoveries(outcome: string): Promise<number> {
  const line = `bridge_subscription_recoveries_total{outcome="${outcome}"}`;
  return metricOf(urlOf('fhir-mapper', side.environment), line);
}

async function subscription(): Promise<Subscription> {
  return record.api.read<Subscription>('Subscription', subscriptionId);
}

step('each event has its resource read; the period between signs of life is looked up', async () => {
  const texts = [await write(), await write()];
  for (const text of texts) await until(text, () => isShown(text));
  await until('all events to be noted', async () => (await state())?.up_to === '2');
  await until('the period', async () => (await state())?.heartbeat_ms === 1_000);
  expect(await state()).toMatchObject({ told: '2', gap_due_at: null });
});

step('a gap is asked for when nothing has filled it for a while', async () => {
  const before = await recoveries('events-read');
  const from = Date.now();
  recorder.loses = ({ numbers }) => numbers.includes(3);
  await write();
  await write();
  await until('the gap to be filled', async () => (await state())?.up_to === '4');
  expect(Date.now() - from).toBeGreaterThanOrEqual(graceMs);
  expect(await recoveries('events-read')).toBe(before + 1);
  expect(await state()).toMatchObject({ told: '4', gap_due_at: null });
});

step('the last event of all is missed as soon as a sign of life counts it', async () => {
  const before = await recoveries('events-read');
  recorder.loses = ({ kind }) => kind === 'event-notification';
  const text = await write();
  await until('the lost message', () => isShown(text));
  expect(await recoveries('events-read')).toBe(before + 1);
});

step('a server that is silent is asked how the Subscription is', async () => {
  recorder.loses = () => true;
  const text = await write();
  await until('the message in the silence', () => isShown(text));
  recorder.loses = () => false;
});

step('a gap is filled by whoever runs when its time has come', async () => {
  await until('a quiet state', async () => (await state())?.up_to === String(count));
  recorder.loses = ({ kind }) => kind === 'event-notification';
  await side.bridge['fhir-mapper'].stop();
  const text = await write();
  const told = recorder.told.length;
  await until('a sign of life in the queue', () => recorder.told.length > told + 1);
  await side.bridge['fhir-mapper'].start();
  await until('the message that was missed', () => isShown(text));
  recorder.loses = () => false;
});

step('one in error is recovered from, and requested again', async () => {
  // Nothing else: where the bridge is faster than this test, what it asks for is to be told to it.
  recorder.refuses = ({ kind }) => kind === 'event-notification';
  const text = await write();
  await until('the server to give up', async () => (await recoveries('reactivated')) > 0, 30_000);
  recorder.refuses = () => false;
  await until('the message', () => isShown(text));
  await until('the Subscription to be active again', async () => (await subscription()).status === 'active');
  await until('that to be noted', async () => (await state())?.reactivated_at != null);
  expect(await recoveries('reactivated')).toBe(1);
  const next = await write();
  await until('the next message', () => isShown(next));
});

step('one that the server does not have any more is forgotten', async () => {
  await record.remove(`Subscription/${subscriptionId}`);
  await until('it to be forgotten', async () => (await state()) === undefined);
  expect(await deadLetterKinds(side.queue.server.url)).toEqual([]);
});

step('each message was said once', async () => {
  const shown = shownBy(await side.queue.heldSoFar('ROOMS'));
  expect(Object.values(shown)).toHaveLength(count);
  const sent = (await side.queue.heldSoFar('ROOMS')).filter(({ subject }) =>
    subject.endsWith('send-message'),
  );
  expect(sent).toHaveLength(count);
});
