import type {
  CareTeam,
  Communication,
  CommunicationRequest,
  Endpoint,
  PractitionerRole,
} from '@medplum/fhirtypes';
import { connect } from 'nats';
import { partitionOf } from '@bridge/queue';
import { communication, participant, roles } from '../../deploy/local/src/example-data';
import { type FhirSide, type RecordServer, prepareFhirSide, startRecordServer } from '../support/fhir-side';
import { deadLetterKinds } from '../support/queue-evidence';
import { messageCommands, shownBy } from '../support/shown-messages';
import { outcomeOfSteps, step } from '../support/step';
import { until } from '../support/until';

/*
 * What is deleted in FHIR, as far as Postgres and the queue to room-manager show it. What room-manager makes of a
 * redaction and of an empty care team, test/matrix shows.
 */

let record: RecordServer;
let side: FhirSide;

beforeAll(async () => {
  record = await startRecordServer();
  side = await prepareFhirSide(record, 'bridge', {
    FHIR_DELETES_INTERVAL_MS: '200',
    FHIR_PULL_INTERVAL_MS: '1000',
    FHIR_DUE_INTERVAL_MS: '500',
  });
  await Promise.all([side.bridge['fhir-ingress'].start(), side.bridge['fhir-mapper'].start()]);
  for (const id of ['anna', 'bert'])
    await record.api.update({ resourceType: 'Practitioner', id, name: [{ text: id }] });
  await record.api.update(team);
  await record.api.update(request);
  await until('the conversation', async () => (await conversation('r')) !== undefined);
}, 60_000);

afterAll(async () => {
  await side?.stop();
  await record?.stop(outcomeOfSteps());
}, 60_000);

const team: CareTeam = {
  resourceType: 'CareTeam',
  id: 't',
  status: 'active',
  subject: { reference: 'Patient/p' },
  participant: ['anna', 'bert'].map((id) => participant(`Practitioner/${id}`, roles.pharmacist)),
};

const request: CommunicationRequest = {
  resourceType: 'CommunicationRequest',
  id: 'r',
  status: 'active',
  subject: { reference: 'Patient/p' },
  recipient: [{ reference: 'CareTeam/t' }],
};

const message = (id: string, text: string): Communication => ({
  ...communication('r', 'p', 't', 'Practitioner/anna', text),
  id,
});

async function conversation(id: string) {
  const rows = await side.query<{ conversation: string; open: boolean }>(
    'SELECT conversation, open FROM conversation_room',
  );
  return rows.find((row) => row.conversation === `CommunicationRequest/${id}`);
}

async function members(): Promise<string[]> {
  const rows = await side.query<{ person: string }>(
    "SELECT person FROM care_team_member WHERE care_team = 'CareTeam/t' AND present ORDER BY 1",
  );
  return rows.map(({ person }) => person);
}

async function accountOf(practitioner: string): Promise<string | null | undefined> {
  const rows = await side.query<{ fhir_ref: string; account_user_id: string | null }>(
    'SELECT fhir_ref, account_user_id FROM participant',
  );
  return rows.find((row) => row.fhir_ref === `Practitioner/${practitioner}`)?.account_user_id;
}

/** What Matrix would show of a message. */
async function shown(id: string): Promise<string | undefined> {
  return shownBy(await side.queue.heldSoFar('ROOMS'))[`Communication/${id}`];
}

/** How many commands of a kind wait for room-manager. */
async function commands(kind: string): Promise<number> {
  return (await side.queue.heldSoFar('ROOMS')).filter(({ subject }) => subject.endsWith(`.command.${kind}`))
    .length;
}

/** As fhir-ingress does when a server says that a resource was deleted. */
async function tellGone(gone: string): Promise<void> {
  const connection = await connect({ servers: side.queue.server.url });
  const subject = `mapping.${partitionOf('ehr', 32)}.fhir.pull`;
  const [type] = gone.split('/');
  await connection
    .jetstream()
    .publish(subject, JSON.stringify({ source: 'ehr', types: [type], gone: [gone] }));
  await connection.close();
}

step('a message is taken back in its author’s name, and said again when it comes back', async () => {
  await record.api.update(message('m1', 'Here today'));
  await until('the message', async () => (await shown('m1')) === 'Here today');
  await record.remove('Communication/m1');
  await until('the redaction', async () => (await shown('m1')) === undefined);
  const redaction = messageCommands(await side.queue.heldSoFar('ROOMS')).find(
    ({ kind }) => kind === 'redact-message',
  );
  expect(redaction).toMatchObject({
    conversation: 'CommunicationRequest/r',
    source: 'Communication/m1',
    version: '2',
    author: 'Practitioner/anna',
  });
  await record.api.update(message('m1', 'Back again'));
  await until('the message again', async () => (await shown('m1')) === 'Back again');
});

step('a sender who says that something is gone is asked for proof: what is there stays', async () => {
  await record.api.update(message('m2', 'Still here'));
  await until('the message', async () => (await shown('m2')) === 'Still here');
  const before = await commands('redact-message');
  await tellGone('Communication/m2');
  await record.api.update(message('m3', 'Written behind it'));
  await until('what came later', async () => (await shown('m3')) === 'Written behind it');
  expect(await shown('m2')).toBe('Still here');
  expect(await commands('redact-message')).toBe(before);
});

step('what is said to be gone, and is, is taken back once, though the sweep finds it as well', async () => {
  const before = await commands('redact-message');
  await record.remove('Communication/m2');
  await tellGone('Communication/m2');
  await until('the redaction', async () => (await shown('m2')) === undefined);
  await record.api.update(message('m4', 'After some sweeps'));
  await until('what came later', async () => (await shown('m4')) === 'After some sweeps');
  const cursor = async () => {
    const [row] = await side.query<{ last_updated: Date }>(
      "SELECT last_updated FROM notification_cursor WHERE resource_type = 'Communication/_history'",
    );
    return row?.last_updated.getTime() ?? 0;
  };
  const { meta } = await record.api.read<Communication>('Communication', 'm4');
  await until('a sweep past that', async () => (await cursor()) >= Date.parse(meta?.lastUpdated ?? ''));
  expect(await commands('redact-message')).toBe(before + 1);
});

step('a person leaves their teams, and is back in them when they come back', async () => {
  expect(await members()).toEqual(['Practitioner/anna', 'Practitioner/bert']);
  await record.remove('Practitioner/bert');
  await until('bert to leave', async () => (await members()).length === 1);
  expect(await members()).toEqual(['Practitioner/anna']);
  await record.api.update({
    resourceType: 'Practitioner',
    id: 'bert',
    name: [{ text: 'bert' }],
  });
  await until('bert to come back', async () => (await members()).length === 2);
});

step('a professional loses the account at an Endpoint, and has it again when that comes back', async () => {
  const endpoint: Endpoint = {
    resourceType: 'Endpoint',
    id: 'account',
    status: 'active',
    connectionType: {
      system: 'https://gematik.de/fhir/directory/CodeSystem/EndpointDirectoryConnectionType',
      code: 'tim',
    },
    payloadType: [{ text: 'tim-chat' }],
    address: 'matrix:u/bert:elsewhere.example',
  };
  await record.api.update(endpoint);
  await record.api.update<PractitionerRole>({
    resourceType: 'PractitionerRole',
    id: 'bert-here',
    practitioner: { reference: 'Practitioner/bert' },
    endpoint: [{ reference: 'Endpoint/account' }],
  });
  await until('the account', async () => (await accountOf('bert')) === '@bert:elsewhere.example');
  await record.remove('Endpoint/account');
  await until('the account to be lost', async () => (await accountOf('bert')) === null);
  await record.api.update(endpoint);
  await until('the account to be back', async () => (await accountOf('bert')) !== null);
});

step(
  'a conversation is closed, with what was said in it left as it is; and opened when it comes back',
  async () => {
    const redactions = await commands('redact-message');
    const before = await commands('reconcile-room');
    await record.remove('CommunicationRequest/r');
    await until('the conversation to be closed', async () => (await conversation('r'))?.open === false);
    await until('its Room to be closed', async () => (await commands('reconcile-room')) > before);
    expect(await commands('redact-message')).toBe(redactions);
    await record.api.update(request);
    await until('the conversation to be open', async () => (await conversation('r'))?.open === true);
  },
);

step('a care team loses its members, and has them again when it comes back', async () => {
  const before = await commands('reconcile-space');
  await record.remove('CareTeam/t');
  await until('the team to be empty', async () => (await members()).length === 0);
  await until('its Space to be emptied', async () => (await commands('reconcile-space')) > before);
  const [row] = await side.query<{ open: boolean; subject: string }>(
    'SELECT open, subject FROM care_team_space',
  );
  expect(row).toEqual({ open: false, subject: 'Patient/p' });
  await record.api.update(team);
  await until('the team to be back', async () => (await members()).length === 2);
});

step('what was deleted while no worker ran is found as well', async () => {
  await side.bridge['fhir-mapper'].stop();
  await record.remove('Communication/m3');
  await side.bridge['fhir-mapper'].start();
  await until('the redaction', async () => (await shown('m3')) === undefined);
  expect(await shown('m4')).toBe('After some sweeps');
  expect(await deadLetterKinds(side.queue.server.url)).toEqual([]);
});
